// Which devices are listed, and in which order. Pure: 10,000 devices in some milliseconds.

import type { State } from "../api/schema";
import type { Device } from "./fleet.svelte";

export type Column = "id" | "presence" | "age" | "contract" | "owed" | "lost" | "quarantined";

const URGENCY: Record<State, number> = { lost: 0, presumed_lost: 1, deaf: 2, silent: 3, unknown: 4, never: 5, online: 6 };

const KEYS: Record<Column, (device: Device) => number | string> = {
  id: (device) => device.id,
  presence: (device) => URGENCY[device.presence],
  age: (device) => -(device.last_heard_ms ?? 0),
  contract: (device) => device.contract ?? "",
  owed: (device) => -device.owed,
  lost: (device) => -device.lost,
  quarantined: (device) => -device.quarantined,
};

export interface Wanted {
  text: string;
  states: ReadonlySet<string>;
  contract: string;
  column: Column;
  down: boolean;
}

export function isColumn(name: string): name is Column {
  return name in KEYS;
}

export function listing(devices: Device[], wanted: Wanted): Device[] {
  const text = wanted.text.trim().toLowerCase();
  const found = devices.filter(
    (device) =>
      (!wanted.states.size || wanted.states.has(device.presence)) &&
      (!wanted.contract || device.contract === wanted.contract) &&
      (!text || device.words.includes(text)),
  );
  const key = KEYS[wanted.column];
  const turn = wanted.down ? -1 : 1;
  return found.sort((one, other) => {
    const a = key(one);
    const b = key(other);
    if (a !== b) return a < b ? -turn : turn;
    return one.id < other.id ? -1 : 1;
  });
}
