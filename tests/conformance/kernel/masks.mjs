// The kernel, driven as a browser drives it: bytes of the module and scenes in, the masks' bytes out. Runs in Node and in a page.

export async function masks(module, scenes) {
  const { instance } = await WebAssembly.instantiate(module);
  const { memory, see, survey, __heap_base } = instance.exports;
  const found = [];
  for (const { grid, solids, ground, target, fields } of scenes) {
    let base = __heap_base.value;
    const room = (size) => {
      const at = Math.ceil(base / 8) * 8;
      base = at + size;
      const missing = base - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / 65536));
      return at;
    };
    const put = (numbers) => {
      const at = room(numbers.byteLength);
      new Uint8Array(memory.buffer).set(new Uint8Array(numbers.buffer), at);
      return at;
    };
    const bodies = [], rings = [], points = [];
    let crossings = 0;
    for (const { rings: own, top } of solids) {
      const all = own.flat(), xs = all.map((p) => p[0]), ys = all.map((p) => p[1]);
      bodies.push(rings.length / 2, own.length, top, Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
      for (const ring of own) {
        rings.push(points.length / 2, ring.length);
        points.push(...ring.flat());
      }
      crossings = Math.max(crossings, 2 * all.length);
    }
    const tables = [bodies, rings, points].map((table) => put(new Int32Array(table)));
    const crossingAt = room(4 * crossings);
    const [columns, rows] = grid;
    for (const field of fields) {
      const planes = put(new BigInt64Array([...field.planes, ...field.cuts, ...field.levels].flat().map(BigInt)));
      const spans = room(8 * rows), mask = room(columns * rows);
      const counts = [field.planes.length, field.cuts.length, field.levels.length, solids.length];
      const blocks = [4, 16, 64].map((size) => (Math.trunc((columns - 2) / size) + 1) * (Math.trunc((rows - 2) / size) + 1));
      const heights = ground && [ground, ground.map((height) => height + target)].map((table) => put(new Int32Array(table)));
      const terrain = ground ? [...heights, ...blocks.map((count) => room(4 * count))] : [0, 0, 0, 0, 0];
      const eye = [field.x, field.y, field.eye, target, field.range_cm];
      const job = put(new Int32Array([...grid, ...eye, ...counts, planes, ...tables, spans, crossingAt, mask, ...terrain]));
      if (ground) survey(job);
      see(job);
      found.push(new Uint8Array(memory.buffer).slice(mask, mask + columns * rows));
    }
  }
  return found;
}

export async function hash(masks) {
  const all = new Uint8Array(masks.reduce((sum, mask) => sum + mask.length, 0));
  let at = 0;
  for (const mask of masks) {
    all.set(mask, at);
    at += mask.length;
  }
  const digest = await crypto.subtle.digest("SHA-256", all);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
