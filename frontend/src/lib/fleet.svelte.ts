// The fleet as the page holds it: read once by columns, then kept by the event stream.

import type { Coded, FleetChange, FleetColumns, FleetRow, State, Summary } from "../api/schema";
import { Failure, get } from "./api";
import { clock } from "./clock.svelte";
import { hubIsBack } from "./resource.svelte";

export interface Device extends FleetRow {
  /** What the text filter looks at, in lower case. */
  words: string;
}

/** `live`: changes arrive; `offline`: the hub is silent; `trouble`: it answers, but its database does not. */
export type Link = "loading" | "live" | "offline" | "trouble";

/** Heartbeats come every 5 s; three missed make a stream dead whatever the browser believes. */
const SILENCE_MS = 16_000;
const AGAIN_MS = 2_000;

class Fleet {
  /** Replaced, never changed in place: `devices` is new whenever anything in it is. */
  devices = $state.raw<Device[]>([]);
  summary = $state.raw<Summary | null>(null);
  link = $state<Link>("loading");
  failure = $state.raw<Failure | null>(null);
  loaded = $state(false);
  /** Unix ms of the hub at which the last change was told. */
  toldMs = $state(0);
  #places = new Map<string, number>();
  #stream: EventSource | null = null;
  #watchdog = 0;
  #retry = 0;

  constructor() {
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#stream?.close();
    clearTimeout(this.#watchdog);
    clearTimeout(this.#retry);
    try {
      const [columns, summary] = await Promise.all([get<FleetColumns>("fleet/columns"), get<Summary>("summary")]);
      this.#fill(columns);
      this.summary = summary;
      this.loaded = true;
      this.failure = null;
      this.#told(columns.now_ms);
      this.#follow(columns.cursor);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
      this.link = error.offline ? "offline" : "trouble";
      this.#retry = window.setTimeout(() => void this.#load(), AGAIN_MS);
    }
  }

  #fill(columns: FleetColumns): void {
    const states = columns.presence.values as State[];
    const devices: Device[] = [];
    for (let at = 0; at < columns.id.length; at++) {
      const id = columns.id[at]!;
      const contract = coded(columns.contract, at);
      const firmware = coded(columns.firmware, at);
      devices.push({
        id,
        contract,
        firmware,
        product: contract?.split("/")[0] ?? null,
        presence: states[columns.presence.index[at]!]!,
        why: coded(columns.why, at) ?? "",
        since_ms: columns.since_ms[at]!,
        last_heard_ms: columns.last_heard_ms[at]!,
        last_answered_ms: columns.last_answered_ms[at]!,
        publish_every_ms: columns.publish_every_ms[at]!,
        presumed_lost_after_ms: columns.presumed_lost_after_ms[at]!,
        numbered: columns.numbered[at]!,
        stored: columns.stored[at]!,
        quarantined: columns.quarantined[at]!,
        declined: columns.declined[at]!,
        lost: columns.lost[at]!,
        owed: columns.owed[at]!,
        owed_since_ms: columns.owed_since_ms[at]!,
        duplicates: columns.duplicates[at]!,
        words: words(id, contract, firmware),
      });
    }
    this.#places = new Map(devices.map((device, place) => [device.id, place]));
    this.devices = devices;
  }

  #follow(cursor: string): void {
    const stream = new EventSource(`/api/fleet/events?cursor=${encodeURIComponent(cursor)}`);
    this.#stream = stream;
    stream.addEventListener("change", (event) => {
      this.#apply(JSON.parse((event as MessageEvent<string>).data) as FleetChange);
    });
    stream.addEventListener("trouble", () => {
      this.link = "trouble";
      this.#listen();
    });
    stream.addEventListener("reset", () => void this.#load());
    stream.addEventListener("error", () => {
      this.link = "offline";
      // A stream that was refused does not come back by itself.
      if (stream.readyState === EventSource.CLOSED) this.#again();
    });
    this.#listen();
  }

  #apply(change: FleetChange): void {
    if (change.rows.length) {
      const devices = this.devices.slice();
      for (const row of change.rows) {
        const device = { ...row, words: words(row.id, row.contract, row.firmware) };
        const place = this.#places.get(row.id);
        if (place === undefined) {
          this.#places.set(row.id, devices.length);
          devices.push(device);
        } else devices[place] = device;
      }
      this.devices = devices;
    }
    this.summary = change.summary;
    this.#told(change.now_ms);
    this.#listen();
  }

  #told(nowMs: number): void {
    clock.sync(nowMs);
    this.toldMs = nowMs;
    const back = this.link === "offline" || this.link === "trouble";
    this.link = "live";
    if (back) hubIsBack();
  }

  #listen(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = window.setTimeout(() => this.#again(), SILENCE_MS);
  }

  #again(): void {
    this.link = "offline";
    this.#stream?.close();
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(() => void this.#load(), AGAIN_MS);
  }
}

function coded(column: Coded, at: number): string | null {
  return column.values[column.index[at]!] ?? null;
}

function words(id: string, contract: string | null, firmware: string | null): string {
  return `${id} ${contract ?? ""} ${firmware ?? ""}`.toLowerCase();
}

export const fleet = new Fleet();
