// Pointers on a map: one drags it, two drag and stretch it. Places of pointers are pixels of the window.

import type { Point } from "./geometry";
import type { Viewport } from "./viewport.svelte";

/** A press that moves less is a click. */
const CLICK_PX = 4;

export class Grip {
  readonly #port: Viewport;
  /** Which point of the site is under a place of the window. */
  readonly #under: (at: Point) => Point;
  readonly #pointers = new Map<number, Point>();
  #start: Point = [0, 0];
  #drags = false;

  constructor(port: Viewport, under: (at: Point) => Point) {
    this.#port = port;
    this.#under = under;
  }

  press(pointer: number, at: Point): void {
    if (!this.#pointers.size) this.#start = at;
    this.#pointers.set(pointer, at);
    this.#drags = this.#pointers.size > 1;
  }

  /** Says whether the map follows: from then on the pointer belongs to it. */
  move(pointer: number, at: Point): boolean {
    const from = this.#pointers.get(pointer);
    if (!from) return false;
    this.#drags ||= away(this.#start, at) >= CLICK_PX;
    if (!this.#drags) return false;
    const other = [...this.#pointers].find(([one]) => one !== pointer)?.[1];
    const held = this.#under(other ? between(from, other) : from);
    const now = this.#under(other ? between(at, other) : at);
    this.#pointers.set(pointer, at);
    this.#port.carry(held, now, other ? away(at, other) / Math.max(away(from, other), 1) : 1);
    return true;
  }

  letGo(pointer: number): void {
    this.#pointers.delete(pointer);
  }
}

function between(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function away(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
