// A thing of the hub that a page keeps looking at: asked again and again, its last answer kept while the hub is away.

import { Failure, get } from "./api";

const waiting = new Set<Resource<unknown>>();

/** The hub is back: whoever had no answer asks at once, and no longer says so. */
export function hubIsBack(): void {
  for (const one of waiting) void one.again();
}

export class Resource<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  #key: string | null = null;
  #path: () => string = () => "";
  #text = "";
  #abort: AbortController | null = null;

  /**
   * Look at `path()` until the surrounding effect ends; call within `$effect`. A new `key` forgets the old answer; while it
   * stays the same (a window that moves on), the old answer stands until the new one is there.
   */
  watch(key: string, path: () => string, everyMs: number): () => void {
    if (key !== this.#key) {
      this.#key = key;
      this.#text = "";
      this.value = null;
      this.failure = null;
    }
    this.#path = path;
    let timer = 0;
    let ended = false;
    const turn = async (): Promise<void> => {
      if (!document.hidden || !this.#text) await this.reload();
      if (!ended) timer = window.setTimeout(() => void turn(), this.failure ? Math.min(everyMs, 2000) : everyMs);
    };
    void turn();
    return () => {
      ended = true;
      waiting.delete(this);
      clearTimeout(timer);
      this.#abort?.abort();
    };
  }

  async again(): Promise<void> {
    this.failure = null;
    await this.reload();
  }

  async reload(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const value = await get<T>(this.#path(), abort.signal);
      if (abort.signal.aborted) return;
      this.failure = null;
      waiting.delete(this);
      const text = JSON.stringify(value);
      if (text === this.#text) return;
      this.#text = text;
      this.value = value;
    } catch (error) {
      if (error instanceof Failure) {
        this.failure = error;
        if (error.offline || error.databaseAway) waiting.add(this);
      } else if (!abort.signal.aborted) throw error;
    }
  }
}
