// Sensors from which nothing hides: the arithmetic of site/unhidden.py, number for number.

import type { Cells } from "./geometry";
import type { Field } from "./kernel.js";
import { round, type Part } from "./observer";

/** What such a sensor senses of a grid: all of its sector on the level, or with `point` the cell that it stands in. */
export function unhidden(part: Part, field: Field, grid: Cells): Uint8Array {
  const { columns, rows } = grid;
  const step = round(grid.cell * 100);
  const firstX = round(grid.west * 100) + Math.floor(step / 2);
  const firstY = round(grid.south * 100) + Math.floor(step / 2);
  const found = new Uint8Array(columns * rows);
  for (let at = 0; at < found.length; at++) {
    const dx = firstX + (at % columns) * step - field.x;
    const dy = firstY + Math.floor(at / columns) * step - field.y;
    const within = ([x = 0, y = 0, , c = 0]: number[]): boolean => x * dx + y * dy + c >= 0;
    if (part.sight === "point") found[at] = own(dx, step) && own(dy, step) ? 1 : 0;
    else if (dx * dx + dy * dy <= field.range * field.range && field.planes.every(within) && !(field.cuts.length && field.cuts.every(within))) found[at] = 1;
  }
  return found;
}

function own(away: number, step: number): boolean {
  return -step < 2 * away && 2 * away <= step;
}
