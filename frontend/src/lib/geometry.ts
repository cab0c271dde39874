// A site's geometry as paths and pictures. Lengths are metres in the local frame, x to the east, y to the north; paths have y downwards.

export type Point = [number, number];
export type Polygon = Point[][];

export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

export interface Cells {
  columns: number;
  rows: number;
  west: number;
  south: number;
  cell: number;
}

export function path(polygons: Polygon[]): string {
  return polygons.flatMap((rings) => rings.map((ring) => `${line(ring)}Z`)).join("");
}

export function line(points: Point[]): string {
  return points.map(([x, y], place) => `${place ? "L" : "M"}${round(x)} ${round(-y)}`).join("");
}

export function boxOf(polygons: Polygon[], points: Point[] = []): Box {
  const all = [...polygons.flat(2), ...points];
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const least = (values: number[], start: number): number => values.reduce((a, b) => Math.min(a, b), start);
  const most = (values: number[], start: number): number => values.reduce((a, b) => Math.max(a, b), start);
  if (!all.length) return { west: 0, south: 0, east: 1, north: 1 };
  return { west: least(xs, Infinity), south: least(ys, Infinity), east: most(xs, -Infinity), north: most(ys, -Infinity) };
}

/** The box with a margin around it: that share of its longer side, of a metre at least. */
export function widened({ west, south, east, north }: Box, share: number): Box {
  const margin = Math.max(east - west, north - south, 1) * share;
  return { west: west - margin, south: south - margin, east: east + margin, north: north + margin };
}

/** A round length for a scale bar: 1, 2 or 5 times a power of ten, at most `longest` metres. */
export function barOf(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest));
  return power * (longest / power >= 5 ? 5 : longest / power >= 2 ? 2 : 1);
}

/** The field of view on the ground, as a wedge: heading clockwise from north, all in degrees; a full circle from 360 on. */
export function wedge(x: number, y: number, heading: number, width: number, range: number): string {
  if (width >= 360) return `M${round(x - range)} ${round(-y)}a${range} ${range} 0 1 0 ${2 * range} 0a${range} ${range} 0 1 0 ${-2 * range} 0Z`;
  const at = (degrees: number): string => {
    const angle = (degrees * Math.PI) / 180;
    return `${round(x + range * Math.sin(angle))} ${round(-y - range * Math.cos(angle))}`;
  };
  return `M${round(x)} ${round(-y)}L${at(heading - width / 2)}A${range} ${range} 0 ${width > 180 ? 1 : 0} 1 ${at(heading + width / 2)}Z`;
}

/** Bits of a mask, a cell each: the highest bit of each byte first. */
export function unpack(bits: string, cells: number): Uint8Array {
  const bytes = Uint8Array.from(atob(bits), (letter) => letter.charCodeAt(0));
  return Uint8Array.from({ length: cells }, (_, at) => ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
}

/** Cells of a zone's mask spread over its whole grid. */
export function spread(mask: Uint8Array, inside: Uint8Array): Uint8Array {
  let next = 0;
  return inside.map((is) => (is ? (mask[next++] ?? 0) : 0));
}

/** A mask as a picture, the northern row on top: a pixel a cell, in that colour ([r, g, b, a]). */
export function picture(mask: Uint8Array, cells: Cells, colour: [number, number, number, number]): string {
  const canvas = document.createElement("canvas");
  canvas.width = cells.columns;
  canvas.height = cells.rows;
  const context = canvas.getContext("2d");
  if (!context) return "";
  const image = context.createImageData(cells.columns, cells.rows);
  for (let row = 0; row < cells.rows; row++) {
    for (let column = 0; column < cells.columns; column++) {
      if (mask[row * cells.columns + column]) image.data.set(colour, 4 * ((cells.rows - 1 - row) * cells.columns + column));
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
