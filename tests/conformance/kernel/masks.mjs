// The page's kernel over scenes: bytes of the module and scenes in, the hash of all masks out. Runs in Node and in a page.
import { hashOf, Kernel } from "../../../frontend/src/lib/kernel.js";

export async function hash(module, scenes) {
  const found = [];
  for (const { grid, solids, ground, target, fields } of scenes) {
    const kernel = await Kernel.load(module, solids);
    const terrain = ground && { ground: Int32Array.from(ground), targets: Int32Array.from(ground, (height) => height + target) };
    for (const field of fields) found.push(kernel.see(grid, { ...field, range: field.range_cm }, field.eye, target, terrain));
  }
  return hashOf(found);
}
