// An answer about the plan as it is on the page: asked anew once the nodes stand still, the old one kept until the new one is there.

import { Failure, post } from "./api";
import { desk } from "./desk.svelte";

const SETTLE_MS = 400;

export class Asked<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  asking = $state(false);
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Ask; call within `$effect`, which comes back when the nodes change. */
  watch(): () => void {
    const body = desk.body();
    const abort = new AbortController();
    const timer = window.setTimeout(() => void this.#ask(body, abort.signal), this.value ? SETTLE_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }

  async #ask(body: unknown, signal: AbortSignal): Promise<void> {
    this.asking = true;
    try {
      const value = await post<T>(this.#path, body, signal);
      if (signal.aborted) return;
      this.value = value;
      this.failure = null;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
    } finally {
      if (!signal.aborted) this.asking = false;
    }
  }
}

/** Money in cents. */
export function money(cents: number | null, currency: string): string {
  if (cents === null) return "–";
  return `${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
}
