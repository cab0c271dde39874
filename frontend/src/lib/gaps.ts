// Where among the readings of a chart something is missing: only there, however many boots and dates lie around it.

import type { MissingRange, Reading } from "../api/schema";

/** A stretch of a missing range that holds no reading, Unix ms; null: open to that side of the window. */
export interface Gap {
  cls: string;
  from: number | null;
  to: number | null;
  /** All of its range, and none of several pieces between readings of other boots. */
  whole: boolean;
}

type Dated = Pick<Reading, "incarnation" | "boot" | "seq" | "measured_ms" | "arrival_ms">;
type Range = Pick<MissingRange, "incarnation" | "boot" | "first" | "count" | "cls">;

const dateOf = (reading: Dated): number => reading.measured_ms ?? reading.arrival_ms;

/** Each range between the readings of its own boot, by sequence number, cut where any stored reading has its date. */
export function gapsOf(missing: Range[], readings: Dated[]): Gap[] {
  const dates = readings.map(dateOf).sort((one, other) => one - other);
  const boots = new Map<string, Dated[]>();
  for (const reading of readings) {
    const run = boots.get(bootOf(reading));
    if (run) run.push(reading);
    else boots.set(bootOf(reading), [reading]);
  }
  for (const run of boots.values()) run.sort((one, other) => one.seq - other.seq);
  return missing.flatMap((range) => cut(range.cls, ...ends(range, boots.get(bootOf(range)) ?? [], dates), dates));
}

/** Between neighbours half a step is left to each; without one it goes to the next reading of whichever boot, or on and on. */
function ends(range: Range, run: Dated[], dates: number[]): [number | null, number | null] {
  const end = range.first + range.count;
  const before = run.findLast((reading) => reading.seq < range.first);
  const after = run.find((reading) => reading.seq >= end);
  if (before && after) {
    const [from, to] = [dateOf(before), dateOf(after)];
    const step = (to - from) / (after.seq - before.seq);
    return [from + step * (range.first - 0.5 - before.seq), from + step * (end - 0.5 - before.seq)];
  }
  if (before) return [dateOf(before), dates.find((date) => date > dateOf(before)) ?? null];
  if (after) return [dates.findLast((date) => date < dateOf(after)) ?? null, dateOf(after)];
  return [null, null];
}

function cut(cls: string, from: number | null, to: number | null, dates: number[]): Gap[] {
  if (from === null && to === null) return [];
  const inside = dates.filter((date) => date > (from ?? -Infinity) && date < (to ?? Infinity));
  const marks = [from, ...new Set(inside), to];
  return marks.slice(1).map((mark, at) => ({ cls, from: marks[at]!, to: mark, whole: marks.length === 2 }));
}

function bootOf(of: { incarnation: number; boot: number }): string {
  return `${of.incarnation} ${of.boot}`;
}
