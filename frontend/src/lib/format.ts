// How numbers, ages and times are written, everywhere the same.

const whole = new Intl.NumberFormat("en-US");
const timeOfDay = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export function count(value: number): string {
  return whole.format(value);
}

export function rate(value: number): string {
  return value >= 100 ? whole.format(Math.round(value)) : value.toFixed(1);
}

/** An age in the two units that matter: 7 s, 3 m 20 s, 2 h 05 m, 4 d 11 h. */
export function age(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "never";
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${pad(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${pad(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`;
}

/** A duration or an error bound: 45 ms, 1.2 s, 3 m. */
export function span(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "unknown";
  if (ms < SECOND) return `${ms} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0)} s`;
  return age(ms);
}

export function time(ms: number): string {
  return timeOfDay.format(ms);
}

export function moment(ms: number): string {
  return `${day.format(ms)}, ${timeOfDay.format(ms)}`;
}

export function hex32(value: number | null): string {
  return value === null ? "–" : value.toString(16).padStart(8, "0");
}

export function bytes(size: number): string {
  return size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KiB`;
}

/** UCUM units of the contract as people write them. */
export function unit(code: string | null | undefined): string {
  return code === "Cel" ? "°C" : code === "min" ? "min" : (code ?? "");
}

function pad(value: number): string {
  return value.toString().padStart(2, "0");
}
