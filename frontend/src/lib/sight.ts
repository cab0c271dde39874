// What nodes see of a site's zones, worked out in the page; the server works out the same, and says so by the hash of the masks.

import { unpack, type Cells, type Point, type Polygon } from "./geometry";
import type { Kernel, Solid } from "./kernel.js";
import { fieldOf, round, type Part } from "./observer";
import { unhidden } from "./unhidden";

export interface PlanNode {
  id: string;
  title: string;
  part: string | null;
  x: number;
  y: number;
  height_m: number;
  heading_deg: number;
  tilt_deg: number;
  lens: string | null;
  with_parts: string[];
  existing: boolean;
}

/** A gateway, or a supply, which has no height. */
export interface Station {
  section: "gateways" | "supplies";
  id: string;
  title: string;
  x: number;
  y: number;
  height_m: number | null;
  part: string | null;
  existing: boolean;
}

/** Heights in centimetres above `level_m`, as base64 of little-endian int32, at the centres of cells: the southern row first. */
export interface Ground {
  cells: number[];
  heights: string;
  level_m: number;
}

export interface Need {
  kind: string;
  of: string;
  k: number;
  share: number;
  px_per_m: number | null;
  edition: string | null;
  least: number;
}

interface Pass {
  cells: number[];
  target: number;
  at: [number, number];
  only: string | null;
  targets: string | null;
}

export interface Zone {
  id: string;
  title: string;
  weight: number;
  polygons: Polygon[];
  grid: Cells;
  inside: string;
  cells: number;
  target_m: number;
  densities: number[];
  needs: Need[];
  passes: Pass[];
  cut: [number, number];
}

export interface Thing {
  id: string;
  name: string;
  meaning: string;
  height_m: number | null;
  polygons: Polygon[];
  lines: Point[][];
  points: Point[];
}

export interface Note {
  kind: string;
  where: string;
  what: string;
  remedy: string;
}

export interface Site {
  name: string;
  title: string;
  file: string;
  variant: string | null;
  variants: { id: string; title: string }[];
  content: string;
  currency: string;
  budget_cents: number | null;
  frame: { crs: string; lon: number; lat: number };
  grid: Cells;
  boundary: Polygon[];
  things: Thing[];
  solids: (Solid & { name: string })[];
  ground: Ground | null;
  zones: Zone[];
  catalogue: Record<string, Part>;
  nodes: PlanNode[];
  stations: Station[];
  survey: { files: string[]; new: string[] };
  can_place: boolean;
  notes: Note[];
}

/** How well a need is met: `counts` are observers that meet it, a byte a cell of the zone's grid. */
export interface NeedSeen {
  need: Need;
  share: number;
  met: boolean;
  counts: Uint8Array;
}

export interface ZoneSeen {
  zone: Zone;
  inside: Uint8Array;
  needs: NeedSeen[];
  masks: Uint8Array[];
  met: boolean;
}

export interface Seen {
  zones: ZoneSeen[];
  score: number;
  met: boolean;
}

interface Ready {
  zone: Zone;
  inside: Uint8Array;
  passes: { cells: number[]; target: number; at: [number, number]; only: Uint8Array | null; targets: Int32Array | null }[];
  kept: Map<string, { key: string; mask: Uint8Array }>;
}

const EPSILON = 1e-9;

/** A site that is looked at again and again: masks of nodes that did not change are kept. */
export class Sight {
  readonly #site: Site;
  readonly #kernel: Kernel;
  readonly #zones: Ready[];
  readonly #ground: Int32Array | null;

  constructor(site: Site, kernel: Kernel) {
    this.#site = site;
    this.#kernel = kernel;
    this.#ground = site.ground ? numbers(site.ground.heights) : null;
    this.#zones = site.zones.map((zone) => ({
      zone,
      inside: unpack(zone.inside, zone.grid.columns * zone.grid.rows),
      passes: zone.passes.map((one) => {
        const size = (one.cells[0] ?? 0) * (one.cells[1] ?? 0);
        const targets = one.targets ? numbers(one.targets) : (this.#ground?.map((height) => height + one.target) ?? null);
        return { cells: one.cells, target: one.target, at: one.at, only: one.only ? unpack(one.only, size) : null, targets };
      }),
      kept: new Map(),
    }));
  }

  see(nodes: PlanNode[]): Seen {
    const zones = this.#zones.map((ready) => this.#zone(ready, nodes));
    const all = zones.flatMap(({ zone, needs }) => needs.map((need) => ({ share: need.share, weight: zone.weight })));
    const weights = all.reduce((sum, { weight }) => sum + weight, 0);
    const score = weights ? all.reduce((sum, { share, weight }) => sum + share * weight, 0) / weights : 1;
    return { zones, score, met: zones.every((zone) => zone.met) };
  }

  #zone(ready: Ready, nodes: PlanNode[]): ZoneSeen {
    const { zone, inside } = ready;
    const watching = nodes.filter((node) => zone.needs.some((need) => able(this.#part(node), need)));
    const masks = watching.map((node) => this.#mask(ready, node));
    const needs = zone.needs.map((need) => {
      const counts = new Uint8Array(inside.length);
      watching.forEach((node, number) => {
        if (!able(this.#part(node), need)) return;
        const mask = masks[number]!;
        for (let at = 0; at < counts.length; at++) if (inside[at] && mask[at]! >= need.least && counts[at]! < 255) counts[at]!++;
      });
      let covered = 0;
      for (let at = 0; at < counts.length; at++) if (inside[at] && counts[at]! >= need.k) covered++;
      const share = zone.cells ? covered / zone.cells : 1;
      return { need, share, met: share + EPSILON >= need.share, counts };
    });
    return { zone, inside, needs, masks, met: needs.every((need) => need.met) };
  }

  #part(node: PlanNode): Part | undefined {
    return node.part === null ? undefined : this.#site.catalogue[node.part];
  }

  #mask(ready: Ready, node: PlanNode): Uint8Array {
    const key = [node.part, node.lens, node.x, node.y, node.height_m, node.heading_deg, node.tilt_deg].join();
    const kept = ready.kept.get(node.id);
    if (kept?.key === key) return kept.mask;
    const mask = this.#look(ready, node);
    ready.kept.set(node.id, { key, mask });
    return mask;
  }

  #look(ready: Ready, node: PlanNode): Uint8Array {
    const { columns, rows } = ready.zone.grid;
    const found = new Uint8Array(columns * rows);
    const field = fieldOf(this.#part(node)!, node, ready.zone.densities);
    if (!field) return found;
    const part = this.#part(node)!;
    if (part.kind === "sensor" && part.sight && part.sight !== "line") return unhidden(part, field, ready.zone.grid);
    for (const one of ready.passes) {
      const terrain = this.#ground && one.targets ? { ground: this.#ground, targets: one.targets } : null;
      const eye = this.#groundAt(field.x, field.y) + field.z;
      const seen = this.#kernel.see(one.cells, field, eye, terrain ? 0 : one.target, terrain);
      if (terrain) cut(found, columns, rows, seen, one.cells[0] ?? 0, ready.zone.cut);
      else paste(found, columns, seen, one.cells[0] ?? 0, one.at, one.only);
    }
    return found;
  }

  /** The height of the ground at a place, bilinear between the centres of cells. */
  #groundAt(x: number, y: number): number {
    if (!this.#ground || !this.#site.ground) return 0;
    const [columns = 1, rows = 1, firstX = 0, firstY = 0, step = 1] = this.#site.ground.cells;
    const column = Math.min(Math.max((x - firstX) / step, 0), columns - 1);
    const row = Math.min(Math.max((y - firstY) / step, 0), rows - 1);
    const west = Math.trunc(column);
    const south = Math.trunc(row);
    const at = (r: number, c: number): number => this.#ground![Math.min(r, rows - 1) * columns + Math.min(c, columns - 1)] ?? 0;
    const low = at(south, west) + (at(south, west + 1) - at(south, west)) * (column - west);
    const high = at(south + 1, west) + (at(south + 1, west + 1) - at(south + 1, west)) * (column - west);
    return round(low + (high - low) * (row - south));
  }
}

export function able(part: Part | undefined, need: Need): boolean {
  if (!part) return false;
  return need.kind === "sensor" ? part.kind === "sensor" && part.senses === need.of : part.kind === "camera";
}

/** Of a mask over a larger grid the zone's part. */
function cut(found: Uint8Array, columns: number, rows: number, seen: Uint8Array, across: number, [first, south]: [number, number]): void {
  for (let row = 0; row < rows; row++) found.set(seen.subarray((south + row) * across + first, (south + row) * across + first + columns), row * columns);
}

/** A mask over part of a zone's grid, where it counts. */
function paste(found: Uint8Array, columns: number, seen: Uint8Array, across: number, [west, south]: [number, number], only: Uint8Array | null): void {
  for (let at = 0; at < seen.length; at++) {
    if (!only || only[at]) found[(south + Math.floor(at / across)) * columns + west + (at % across)] = seen[at]!;
  }
}

/** Whole numbers as base64 of little-endian int32. */
export function numbers(text: string): Int32Array {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int32Array(bytes.buffer);
}

const ENOUGH: [number, number, number, number] = [46, 139, 87, 110];
const MORE: [number, number, number, number] = [46, 150, 92, 190];
const FEW: [number, number, number, number] = [230, 160, 30, 130];
const NONE: [number, number, number, number] = [205, 50, 40, 120];

/** A need's counts as a picture, the northern row on top: none red, too few amber, enough green, more a darker green. */
export function heat(seen: NeedSeen, inside: Uint8Array, grid: Cells): string {
  const canvas = document.createElement("canvas");
  canvas.width = grid.columns;
  canvas.height = grid.rows;
  const context = canvas.getContext("2d");
  if (!context) return "";
  const image = context.createImageData(grid.columns, grid.rows);
  const { k } = seen.need;
  for (let at = 0; at < inside.length; at++) {
    if (!inside[at]) continue;
    const count = seen.counts[at]!;
    const colour = count > k ? MORE : count === k ? ENOUGH : count ? FEW : NONE;
    image.data.set(colour, 4 * ((grid.rows - 1 - Math.floor(at / grid.columns)) * grid.columns + (at % grid.columns)));
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
