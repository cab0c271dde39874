// A fault as a device says it, by name or by code, looked up in its contract's table.

import type { FaultShape } from "../api/schema";

export const SEVERITIES: Record<FaultShape["severity"], { mark: string; tone: string }> = {
  info: { mark: "i", tone: "online" },
  warning: { mark: "△", tone: "silent" },
  error: { mark: "▲", tone: "presumed" },
  critical: { mark: "■", tone: "lost" },
};

/** The code as the contract and the firmware's header write it: 0x4F. */
export function code(fault: FaultShape): string {
  return `0x${fault.code.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** The fault of this name or code (79, "79", "0x4f"); null when the table has none. */
export function faultOf(faults: FaultShape[], said: unknown): FaultShape | null {
  if (typeof said !== "string" && typeof said !== "number") return null;
  const text = String(said).trim();
  const number = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : null;
  return faults.find((fault) => fault.name === text || fault.code === number) ?? null;
}
