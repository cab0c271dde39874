// The visibility kernel: the same module, and the same bits, as on the server. All lengths are whole centimetres.
//
// Plain JavaScript, since the page and the conformance tests (Node, a bare browser) run this very file.

/**
 * What an observer could see were the site empty: see the Python class of that name.
 * @typedef {{ x: number, y: number, z: number, range: number, planes: number[][], cuts: number[][], levels: number[][] }} Field
 */

/** @typedef {{ rings: [number, number][][], top: number }} Solid */

/**
 * Heights of the ground and of the targets, a number a cell.
 * @typedef {{ ground: Int32Array, targets: Int32Array }} Terrain
 */

/** @typedef {{ memory: WebAssembly.Memory, see: (job: number) => void, survey: (job: number) => void, __heap_base: WebAssembly.Global<"i32"> }} Exports */

const PAGE = 65536;
const BLOCKS = [4, 16, 64];
const BEYOND = 64;

export class Kernel {
  /** @type {Exports} */
  #exports;
  /** @type {number[]} */
  #tables;
  /** @type {number} */
  #solids;
  /** @type {number} */
  #crossings;
  /** @type {number} */
  #base;

  /**
   * A kernel with what hides; `module` is its bytes, or the answer to a request for them.
   * @param {Uint8Array<ArrayBuffer> | PromiseLike<Response>} module
   * @param {Solid[]} solids
   */
  static async load(module, solids) {
    const made = module instanceof Uint8Array ? WebAssembly.instantiate(module) : WebAssembly.instantiateStreaming(module);
    return new Kernel(/** @type {Exports} */ (/** @type {unknown} */ ((await made).instance.exports)), solids);
  }

  /**
   * @param {Exports} exports
   * @param {Solid[]} solids
   */
  constructor(exports, solids) {
    this.#exports = exports;
    this.#base = exports.__heap_base.value;
    /** @type {number[]} */
    const bodies = [];
    /** @type {number[]} */
    const rings = [];
    /** @type {number[]} */
    const points = [];
    let crossings = 0;
    for (const solid of solids) {
      const all = solid.rings.flat();
      const xs = all.map(([x]) => x);
      const ys = all.map(([, y]) => y);
      bodies.push(rings.length / 2, solid.rings.length, solid.top, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
      for (const ring of solid.rings) {
        rings.push(points.length / 2, ring.length);
        points.push(...ring.flat());
      }
      crossings = Math.max(crossings, 2 * all.length);
    }
    this.#solids = solids.length;
    this.#tables = [bodies, rings, points].map((table) => this.#put(Int32Array.from(table)));
    this.#crossings = this.#room(4 * crossings);
  }

  /**
   * The mask of a grid (columns, rows, x and y of the first centre, step): 0, or 1 and one more for each level.
   * @param {number[]} cells
   * @param {Field} field
   * @param {number} eye
   * @param {number} target
   * @param {Terrain | null} [terrain]
   * @returns {Uint8Array<ArrayBuffer>}
   */
  see(cells, field, eye, target, terrain = null) {
    const [columns = 0, rows = 0] = cells;
    const kept = this.#base;
    const planes = this.#put(BigInt64Array.from([...field.planes, ...field.cuts, ...field.levels].flat(), BigInt));
    const spans = this.#room(8 * rows);
    const mask = this.#room(rows * columns);
    const counts = [field.planes.length, field.cuts.length, field.levels.length, this.#solids];
    let heights = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    if (terrain) {
      const blocks = BLOCKS.map((size) => Math.max(0, Math.floor((columns - 2) / size) + 1) * Math.max(0, Math.floor((rows - 2) / size) + 1));
      heights = [terrain.ground, terrain.targets].map((table) => this.#put(table));
      heights.push(...blocks.map((count) => this.#room(4 * count)), this.#room(4 * rows * columns + BEYOND), ...liftOf(terrain));
    }
    const job = [...cells, field.x, field.y, eye, target, field.range, ...counts, planes, ...this.#tables, spans, this.#crossings, mask, ...heights];
    const at = this.#put(Int32Array.from(job));
    if (terrain) this.#exports.survey(at);
    this.#exports.see(at);
    const found = new Uint8Array(this.#exports.memory.buffer).slice(mask, mask + rows * columns);
    this.#base = kept;
    return found;
  }

  /** @param {number} size */
  #room(size) {
    const at = Math.ceil(this.#base / 8) * 8;
    this.#base = at + size;
    const missing = this.#base - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE));
    return at;
  }

  /** @param {Int32Array | BigInt64Array} numbers */
  #put(numbers) {
    const at = this.#room(numbers.byteLength);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    new Uint8Array(this.#exports.memory.buffer).set(bytes, at);
    return at;
  }
}

/**
 * How far all targets stand over their ground, -1 when not all alike; the lowest and the highest target.
 * @param {Terrain} terrain
 */
function liftOf({ ground, targets }) {
  let lift = Math.max(-1, (targets[0] ?? 0) - (ground[0] ?? 0));
  let lowest = Infinity;
  let highest = -Infinity;
  for (let at = 0; at < targets.length; at++) {
    const target = targets[at] ?? 0;
    if (target - (ground[at] ?? 0) !== lift) lift = -1;
    lowest = Math.min(lowest, target);
    highest = Math.max(highest, target);
  }
  return [lift, lowest, highest];
}

/**
 * SHA-256 of masks one after the other, in hexadecimal.
 * @param {Uint8Array[]} masks
 */
export async function hashOf(masks) {
  const all = new Uint8Array(masks.reduce((sum, mask) => sum + mask.length, 0));
  masks.reduce((at, mask) => (all.set(mask, at), at + mask.length), 0);
  const digest = await crypto.subtle.digest("SHA-256", all);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
