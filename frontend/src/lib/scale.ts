// One logarithmic axis of ages for the whole fleet page: half a second to ten days.

import { DAY, HOUR, MINUTE, SECOND } from "./format";

const FROM = Math.log10(0.7 * SECOND);
const TO = Math.log10(10 * DAY);

/** Where an age stands on the axis, 0 (fresh) to 1 (old). */
export function place(ms: number): number {
  const at = (Math.log10(Math.max(1, ms)) - FROM) / (TO - FROM);
  return Math.min(1, Math.max(0, at));
}

export const MARKS: { at: number; label: string }[] = [
  { at: place(SECOND), label: "1 s" },
  { at: place(10 * SECOND), label: "10 s" },
  { at: place(MINUTE), label: "1 m" },
  { at: place(10 * MINUTE), label: "10 m" },
  { at: place(HOUR), label: "1 h" },
  { at: place(10 * HOUR), label: "10 h" },
  { at: place(4 * DAY), label: "4 d" },
];
