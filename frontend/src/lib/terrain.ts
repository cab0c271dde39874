// The ground as a map shows it: shaded from the north-west, and contours. Made in the page from the heights that the kernel works with.

import { numbers, type Ground } from "./sight";

export interface Relief {
  /** The shading, the northern row on top, and where it lies: metres. */
  url: string;
  west: number;
  north: number;
  width: number;
  height: number;
  /** Every contour, and each fifth of them. */
  contours: string;
  index: string;
  step_m: number;
  least_m: number;
  most_m: number;
}

/** At least this many contours, where steps of 1, 2 or 5 times a power of ten can give them. */
const CONTOURS = 12;
const INDEX = 5;
/** Of the sun: from the north-west, 45 degrees high, as maps have it since Lehmann. Slopes are drawn three times as steep. */
const LIGHT = [-0.5, 0.5, Math.SQRT1_2] as const;
const STEEPER = 3;
const SHADE = 110;
/** Contours are drawn through a grid of so many columns at most: more is finer than a pen. */
const COLUMNS_MAX = 400;

export function relief(ground: Ground): Relief | null {
  const [columns = 0, rows = 0, firstX = 0, firstY = 0, step = 1] = ground.cells;
  const heights = numbers(ground.heights);
  if (heights.length !== columns * rows || columns < 2 || rows < 2) return null;
  const least = heights.reduce((a, b) => Math.min(a, b), Infinity);
  const most = heights.reduce((a, b) => Math.max(a, b), -Infinity);
  if (most === least) return null;
  const cell = step / 100;
  const west = firstX / 100 - cell / 2;
  const south = firstY / 100 - cell / 2;
  const every = stepOf((most - least) / 100);
  const base = Math.round(ground.level_m * 100);
  const lines = contoured(heights, columns, rows, every * 100, base, (column, row) => `${fixed(firstX / 100 + column * cell)} ${fixed(-firstY / 100 - row * cell)}`);
  return {
    url: shaded(heights, columns, rows, step),
    west,
    north: south + rows * cell,
    width: columns * cell,
    height: rows * cell,
    ...lines,
    step_m: every,
    least_m: (least + base) / 100,
    most_m: (most + base) / 100,
  };
}

/** 1, 2 or 5 times a power of ten, the largest that gives enough contours. */
export function stepOf(range: number): number {
  const wanted = range / CONTOURS;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * (wanted / power >= 5 ? 5 : wanted / power >= 2 ? 2 : 1);
}

function shaded(heights: Int32Array, columns: number, rows: number, step: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return "";
  const image = context.createImageData(columns, rows);
  const at = (row: number, column: number): number => heights[Math.min(Math.max(row, 0), rows - 1) * columns + Math.min(Math.max(column, 0), columns - 1)]!;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const east = ((at(row, column + 1) - at(row, column - 1)) / (2 * step)) * STEEPER;
      const north = ((at(row + 1, column) - at(row - 1, column)) / (2 * step)) * STEEPER;
      const lit = (-east * LIGHT[0] - north * LIGHT[1] + LIGHT[2]) / Math.sqrt(east * east + north * north + 1);
      const dark = LIGHT[2] - lit;
      const pixel = 4 * ((rows - 1 - row) * columns + column);
      image.data.set(dark > 0 ? [60, 48, 30, dark * 2 * SHADE] : [255, 250, 235, -dark * 2 * SHADE], pixel);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** Marching squares: a line through each square of four centres for each height that lies between them. */
export function contoured(heights: ArrayLike<number>, columns: number, rows: number, every: number, base: number, place: (column: number, row: number) => string): { contours: string; index: string } {
  const lines = { contours: [] as string[], index: [] as string[] };
  const by = Math.max(1, Math.ceil(columns / COLUMNS_MAX));
  for (let row = 0; row + by < rows; row += by) {
    for (let column = 0; column + by < columns; column += by) {
      const corners = [
        [column, row],
        [column + by, row],
        [column + by, row + by],
        [column, row + by],
      ] as const;
      const own = corners.map(([x, y]) => heights[y * columns + x]! + base);
      for (let level = Math.floor(Math.min(...own) / every) + 1; level * every <= Math.max(...own); level++) {
        const cuts: string[] = [];
        for (let side = 0; side < 4; side++) {
          const [a, b] = [own[side]! - level * every, own[(side + 1) % 4]! - level * every];
          if (a < 0 === b < 0) continue;
          const [from, to] = [corners[side]!, corners[(side + 1) % 4]!];
          const share = a / (a - b);
          cuts.push(place(from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share));
        }
        for (let cut = 0; cut + 1 < cuts.length; cut += 2) (level % INDEX === 0 ? lines.index : lines.contours).push(`M${cuts[cut]}L${cuts[cut + 1]}`);
      }
    }
  }
  return { contours: lines.contours.join(""), index: lines.index.join("") };
}

function fixed(value: number): string {
  return value.toFixed(1);
}
