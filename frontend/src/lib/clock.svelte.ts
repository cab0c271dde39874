// The hub's time. Ages are told against it, so that a wrong clock on the reader's machine cannot make data look fresh.

class HubClock {
  #offset = 0;
  #known = false;
  now = $state(Date.now());

  constructor() {
    setInterval(() => this.#tick(), 1000);
  }

  /** Take the hub's clock (Unix ms) from an answer; the way back makes it late by some ms, which ages do not show. */
  sync(hubMs: number): void {
    const offset = hubMs - Date.now();
    if (this.#known && Math.abs(offset - this.#offset) < 500) return;
    this.#known = true;
    this.#offset = offset;
    this.#tick();
  }

  #tick(): void {
    this.now = Date.now() + this.#offset;
  }
}

export const clock = new HubClock();
