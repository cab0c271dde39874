// What a camera or sensor could see were the site empty: the arithmetic of site/observers.py, number for number.

import type { Field } from "./kernel.js";

export interface Lens {
  name: string;
  hfov_deg: number;
  vfov_deg: number | null;
}

export interface Part {
  kind: string;
  title: string;
  range_m: number;
  lenses: Lens[];
  pixels: [number, number] | null;
  senses: string | null;
  width_deg: number | null;
  sight: "line" | "none" | "point" | null;
}

export interface Aim {
  x: number;
  y: number;
  height_m: number;
  heading_deg: number;
  tilt_deg: number;
  lens: string | null;
}

const UNIT = 1 << 20;
const MARGIN_RAD = 1e-3;

/** To the nearest whole number, halves to the even one: as Python rounds. */
export function round(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

export function lensOf(part: Part, name: string | null): Lens | null {
  return (name === null ? part.lenses[0] : part.lenses.find((lens) => lens.name === name)) ?? null;
}

/** The field of a part that is aimed so; null when it has no such lens. */
export function fieldOf(part: Part, aim: Aim, densities: number[]): Field | null {
  const field = { x: round(aim.x * 100), y: round(aim.y * 100), z: round(aim.height_m * 100), range: round(part.range_m * 100), planes: [], cuts: [], levels: [] };
  if (part.kind === "sensor") return sector(field, aim.heading_deg, part.width_deg ?? 360);
  const lens = lensOf(part, aim.lens);
  return lens && part.pixels ? picture(field, aim, lens, part.pixels, densities) : null;
}

function sector(field: Field, headingDeg: number, width: number): Field {
  if (width === 360) return field;
  const half = radians(width) / 2;
  const heading = radians(headingDeg);
  if (width <= 180) return { ...field, planes: upright(heading, half) };
  return { ...field, cuts: upright(heading + Math.PI, Math.PI - half).map(([x = 0, y = 0, z = 0, c = 0]) => [x, y, z, c - 1]) };
}

function picture(field: Field, aim: Aim, lens: Lens, pixels: [number, number], densities: number[]): Field {
  const across = radians(lens.hfov_deg) / 2;
  const above = lens.vfov_deg === null ? Math.atan((Math.tan(across) * pixels[1]) / pixels[0]) : radians(lens.vfov_deg) / 2;
  const heading = radians(aim.heading_deg);
  const tilt = radians(aim.tilt_deg);
  const forward = [Math.sin(heading) * Math.cos(tilt), Math.cos(heading) * Math.cos(tilt), -Math.sin(tilt)];
  const right = [Math.cos(heading), -Math.sin(heading), 0];
  const up = [Math.sin(heading) * Math.sin(tilt), Math.cos(heading) * Math.sin(tilt), Math.cos(tilt)];
  const sides: [number, number[]][] = [
    [across, right],
    [above, up],
  ];
  const planes = sides.flatMap(([angle, side]) => [1, -1].map((sign) => plane(forward, Math.sin(angle), side, sign * Math.cos(angle))));
  const nearer = plane(forward, -1, right, 0).slice(0, 3);
  const levels = densities.map((density) => [...nearer, round((pixels[0] / (2 * Math.tan(across) * density)) * 100 * UNIT)]);
  return { ...field, planes: [...planes, ...flanks(heading, tilt, across, above)], levels };
}

function flanks(heading: number, tilt: number, across: number, above: number): number[][] {
  let widest = 0;
  for (const upwards of [-above, above]) {
    const ahead = Math.cos(tilt) + Math.tan(upwards) * Math.sin(tilt);
    if (ahead <= 0) return [];
    widest = Math.max(widest, Math.atan2(Math.tan(across), ahead));
  }
  const half = widest + MARGIN_RAD;
  return half < Math.PI / 2 ? upright(heading, half) : [];
}

function upright(heading: number, half: number): number[][] {
  const left = heading - half;
  const right = heading + half;
  return [
    [round(Math.cos(left) * UNIT), round(-Math.sin(left) * UNIT), 0, 0],
    [round(-Math.cos(right) * UNIT), round(Math.sin(right) * UNIT), 0, 0],
  ];
}

function plane(a: number[], byA: number, b: number[], byB: number): number[] {
  return [...a.map((value, at) => round((value * byA + (b[at] ?? 0) * byB) * UNIT)), 0];
}

function radians(degrees: number): number {
  return degrees * (Math.PI / 180);
}
