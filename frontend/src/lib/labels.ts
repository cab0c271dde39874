// Names on a map, put where they cover neither each other nor what they name.

import type { Box } from "./geometry";

export interface Tag {
  id: string;
  text: string;
  x: number;
  y: number;
}

export interface Placed {
  x: number;
  y: number;
}

/** Of an area: what arithmetic leaves over. */
const NOTHING = 1e-6;

interface Rect {
  left: number;
  right: number;
  low: number;
  high: number;
}

/** The width of a letter and the height of a line, in sizes of the font: rather too much than too little. */
const LETTER = 0.57;
const LINE = 1.15;
/** More names than this are put to the right of their things without a search. */
const SEARCHED_MAX = 300;

/** Where each name begins (its baseline, y to the north), for pins of that radius, within the view; earlier ones choose first. */
export function labelled(tags: Tag[], radius: number, size: number, view: Box): Map<string, Placed> {
  const taken: Rect[] = tags.length > SEARCHED_MAX ? [] : tags.map((tag) => around(tag.x, tag.y, radius));
  const found = new Map<string, Placed>();
  for (const tag of tags) {
    const wide = tag.text.length * LETTER * size;
    const ways = tags.length > SEARCHED_MAX ? [[radius * 1.4, -size * 0.35]] : offsets(wide, radius, size);
    let best: { at: Placed; rect: Rect; cost: number } | null = null;
    for (const [right = 0, up = 0] of ways) {
      const at = { x: tag.x + right, y: tag.y + up };
      const rect = { left: at.x, right: at.x + wide, low: at.y - size * 0.25, high: at.y + size * (LINE - 0.25) };
      const outside = wide * (rect.high - rect.low) - shared(rect, { left: view.west, right: view.east, low: view.south, high: view.north });
      const cost = taken.reduce((sum, other) => sum + shared(rect, other), outside > NOTHING ? outside : 0);
      if (!best || cost < best.cost) best = { at, rect, cost };
      if (cost === 0) break;
    }
    if (!best) continue;
    found.set(tag.id, best.at);
    if (tags.length <= SEARCHED_MAX) taken.push(best.rect);
  }
  return found;
}

/** Right, left, above, below, the corners, and then a line further off. */
function offsets(wide: number, radius: number, size: number): number[][] {
  const gap = radius * 1.4;
  const middle = -size * 0.35;
  const above = gap + size * 0.2;
  const below = -gap - size * 0.8;
  const near = [
    [gap, middle],
    [-gap - wide, middle],
    [-wide / 2, above],
    [-wide / 2, below],
    [gap * 0.6, above * 0.8],
    [gap * 0.6, below * 0.9],
    [-gap * 0.6 - wide, above * 0.8],
    [-gap * 0.6 - wide, below * 0.9],
  ];
  const far = [1, 2, 3].flatMap((lines) => [gap, -gap - wide, -wide / 2].flatMap((right) => [[right, below - lines * LINE * size], [right, above + lines * LINE * size]]));
  return [...near, ...far];
}

function around(x: number, y: number, radius: number): Rect {
  return { left: x - radius, right: x + radius, low: y - radius, high: y + radius };
}

function shared(a: Rect, b: Rect): number {
  return Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.high, b.high) - Math.max(a.low, b.low));
}
