// The visibility kernel in the page: the same module, and the same bits, as on the server. All lengths are whole centimetres.

/** What an observer could see were the site empty: see the Python class of that name. */
export interface Field {
  x: number;
  y: number;
  z: number;
  range: number;
  planes: number[][];
  cuts: number[][];
  levels: number[][];
}

export interface Solid {
  rings: [number, number][][];
  top: number;
}

/** Heights of the ground and of the targets, a number a cell. */
export interface Terrain {
  ground: Int32Array;
  targets: Int32Array;
}

interface Exports {
  memory: WebAssembly.Memory;
  see: (job: number) => void;
  survey: (job: number) => void;
  __heap_base: WebAssembly.Global<"i32">;
}

const PAGE = 65536;
const BLOCKS = [4, 16, 64];

export class Kernel {
  readonly #exports: Exports;
  readonly #tables: number[];
  readonly #solids: number;
  readonly #crossings: number;
  #base: number;

  static async load(address: string, solids: Solid[]): Promise<Kernel> {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(address));
    return new Kernel(instance.exports as unknown as Exports, solids);
  }

  private constructor(exports: Exports, solids: Solid[]) {
    this.#exports = exports;
    this.#base = exports.__heap_base.value;
    const bodies: number[] = [];
    const rings: number[] = [];
    const points: number[] = [];
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

  /** The mask of a grid (columns, rows, x and y of the first centre, step): 0, or 1 and one more for each level. */
  see(cells: number[], field: Field, eye: number, target: number, terrain: Terrain | null = null): Uint8Array {
    const [columns = 0, rows = 0] = cells;
    const kept = this.#base;
    const planes = this.#put(BigInt64Array.from([...field.planes, ...field.cuts, ...field.levels].flat(), BigInt));
    const spans = this.#room(8 * rows);
    const mask = this.#room(rows * columns);
    const counts = [field.planes.length, field.cuts.length, field.levels.length, this.#solids];
    let heights = [0, 0, 0, 0, 0];
    if (terrain) {
      const blocks = BLOCKS.map((size) => Math.max(0, Math.floor((columns - 2) / size) + 1) * Math.max(0, Math.floor((rows - 2) / size) + 1));
      heights = [terrain.ground, terrain.targets].map((table) => this.#put(table));
      heights.push(...blocks.map((count) => this.#room(4 * count)));
    }
    const job = [...cells, field.x, field.y, eye, target, field.range, ...counts, planes, ...this.#tables, spans, this.#crossings, mask, ...heights];
    const at = this.#put(Int32Array.from(job));
    if (terrain) this.#exports.survey(at);
    this.#exports.see(at);
    const found = new Uint8Array(this.#exports.memory.buffer).slice(mask, mask + rows * columns);
    this.#base = kept;
    return found;
  }

  #room(size: number): number {
    const at = Math.ceil(this.#base / 8) * 8;
    this.#base = at + size;
    const missing = this.#base - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE));
    return at;
  }

  #put(numbers: Int32Array | BigInt64Array): number {
    const at = this.#room(numbers.byteLength);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    new Uint8Array(this.#exports.memory.buffer).set(bytes, at);
    return at;
  }
}
