// What the pages say about presence. Colour never stands alone: each state has its own mark and word. *Lost* is what records
// are: a device whose connection ended is offline.

import type { State } from "../api/schema";

export interface Saying {
  word: string;
  short: string;
  tone: string;
}

export const STATES: State[] = ["online", "silent", "deaf", "presumed_lost", "lost", "unknown", "never"];

export const SAYINGS: Record<State, Saying> = {
  online: { word: "Online", short: "online", tone: "online" },
  silent: { word: "Silent", short: "silent", tone: "silent" },
  deaf: { word: "Deaf", short: "deaf", tone: "deaf" },
  presumed_lost: { word: "Presumed lost", short: "presumed lost", tone: "presumed" },
  lost: { word: "Offline", short: "offline", tone: "lost" },
  unknown: { word: "Unknown", short: "unknown", tone: "never" },
  never: { word: "Never heard", short: "never heard", tone: "never" },
};
