// Which part of a site a map shows: all of it, or closer about some point. Lengths are metres in the local frame, y to the north.

import type { Box, Point } from "./geometry";

export const ZOOM_MAX = 40;
/** For a key or a button: two of them double. */
export const ZOOM_STEP = Math.SQRT2;

/** For an arrow key, of the view. */
const PAN = 0.1;
const WAYS: Record<string, Point> = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };

export class Viewport {
  /** 1: all of the site. */
  zoom = $state(1);
  #middle = $state.raw<Point | null>(null);
  readonly #whole: () => Box;

  /** What is shown; never beyond what is shown of the whole site. */
  readonly box: Box = $derived.by(() => {
    const all = this.#whole();
    const wide = (all.east - all.west) / this.zoom;
    const high = (all.north - all.south) / this.zoom;
    const [x, y] = this.#middle ?? [(all.west + all.east) / 2, (all.south + all.north) / 2];
    const west = Math.min(Math.max(x - wide / 2, all.west), all.east - wide);
    const south = Math.min(Math.max(y - high / 2, all.south), all.north - high);
    return { west, south, east: west + wide, north: south + high };
  });

  constructor(whole: () => Box) {
    this.#whole = whole;
  }

  fit(): void {
    this.zoom = 1;
    this.#middle = null;
  }

  /** Show it larger by `factor`, or smaller; the point `about` (by default the middle) stays where it is on the screen. */
  zoomBy(factor: number, about: Point = this.#centre()): void {
    this.carry(about, about, factor);
  }

  /** Look so many metres further to the east and to the north. */
  pan(east: number, north: number): void {
    const [x, y] = this.#centre();
    this.carry([x + east, y + north], [x, y]);
  }

  /** Have the point `from` where `to` is on the screen now, and all larger by `factor`. */
  carry(from: Point, to: Point, factor = 1): void {
    const [x, y] = this.#centre();
    const zoom = Math.min(ZOOM_MAX, Math.max(1, this.zoom * factor));
    const left = this.zoom / zoom;
    this.zoom = zoom;
    this.#middle = [from[0] + (x - to[0]) * left, from[1] + (y - to[1]) * left];
  }

  /** `+` and `-` zoom, `0` shows all, arrows look around; says whether the key did anything. */
  key(name: string): boolean {
    const { west, south, east, north } = this.box;
    const [right = 0, up = 0] = WAYS[name] ?? [];
    if (name === "+" || name === "=") this.zoomBy(ZOOM_STEP);
    else if (name === "-") this.zoomBy(1 / ZOOM_STEP);
    else if (name === "0") this.fit();
    else if (this.zoom > 1 && (right || up)) this.pan(right * (east - west), up * (north - south));
    else return false;
    return true;
  }

  /** Look where the point is, unless it is in sight. */
  show([x, y]: Point): void {
    const { west, south, east, north } = this.box;
    if (x < west || x > east || y < south || y > north) this.#middle = [x, y];
  }

  #centre(): Point {
    const { west, south, east, north } = this.box;
    return [(west + east) / 2, (south + north) / 2];
  }
}
