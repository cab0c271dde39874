// An answer about the plan as it is on the page: asked anew once the nodes stand still, the old one kept until the new one is there.

import { Failure, get, post } from "./api";
import { desk } from "./desk.svelte";

const SETTLE_MS = 400;

export class Asked<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Answered, or refused, as things are now. */
  settled = $state(false);
  readonly #path: string;
  readonly #settleMs: number;
  #answered = false;

  constructor(path: string, settleMs = SETTLE_MS) {
    this.#path = path;
    this.#settleMs = settleMs;
  }

  /** Ask; call within `$effect`, which comes back when the plan on the page changes. */
  watch(): () => void {
    this.settled = false;
    if (desk.saving) return () => undefined; // what is on the page is another plan in a moment: asked for then
    const body = desk.body();
    const abort = new AbortController();
    const timer = window.setTimeout(() => void this.#ask(() => post<T>(this.#path, body, abort.signal), abort.signal), this.#answered ? this.#settleMs : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }

  /** The same for what is asked of the plan's file, whatever is on the page. */
  watchFile(): () => void {
    void desk.site?.content;
    const abort = new AbortController();
    this.settled = false;
    void this.#ask(() => get<T>(this.#path, abort.signal), abort.signal);
    return () => abort.abort();
  }

  async #ask(asking: () => Promise<T>, signal: AbortSignal): Promise<void> {
    try {
      const value = await asking();
      if (signal.aborted) return;
      this.#answered = true;
      this.value = value;
      this.failure = null;
      this.settled = true;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
      this.settled = true;
    }
  }
}
