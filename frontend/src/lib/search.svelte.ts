// The search for placements: it goes on while other panels are open, tells how far it is, and can be stopped or given up.

import { desk } from "./desk.svelte";
import type { PlanNode } from "./sight";

export interface Progress {
  phase: string;
  done: number;
  of: number;
  value: number | null;
  bound: number | null;
}

export interface Found {
  question: "cover" | "best";
  candidates: number;
  cells: number;
  nodes: (PlanNode & { cents: number })[];
  standing: string[];
  currency: string;
  cost_cents: number;
  bill: { cents: number; differences: { why: string; cents: number }[]; unpriced: string[] } | null;
  by: string | null;
  value: number;
  bound: number;
  total: number;
  gap: number;
  proven: boolean;
  lacks: number;
  least_lack: number;
  stop: string;
  needs: { zone: string; of: string; k: number; wanted: number; before: number; after: number }[];
  barred: { reason: string; candidates: number; text: string }[];
  advice: string[];
  notes: string[];
}

class Search {
  busy = $state(false);
  stopping = $state(false);
  progress = $state.raw<Progress | null>(null);
  found = $state.raw<Found | null>(null);
  refusal = $state("");
  taken = $state(false);
  #abort: AbortController | null = null;

  /** How far the best answer is from its bound, as a share; null while one of them is not known. */
  readonly gap: number | null = $derived.by(() => {
    const { value = null, bound = null } = this.progress ?? {};
    if (value === null || bound === null) return null;
    return Math.abs(bound - value) / Math.max(1, Math.abs(value), Math.abs(bound));
  });

  async begin(wish: Record<string, unknown>): Promise<void> {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.busy = true;
    this.stopping = false;
    this.progress = null;
    this.found = null;
    this.refusal = "";
    this.taken = false;
    try {
      const body = JSON.stringify({ ...desk.body(), ...wish });
      const answer = await fetch("/api/placement", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
      if (!answer.ok || !answer.body) this.refusal = ((await answer.json()) as { detail?: string }).detail ?? "The planner refused it.";
      else await this.#read(answer.body);
    } catch {
      if (!signal.aborted) this.refusal = "The planner does not answer; is 'seamline site serve' still running?";
    } finally {
      this.busy = false;
    }
  }

  /** Have it answer with what it has. */
  stop(): void {
    this.stopping = true;
    void fetch("/api/placement", { method: "DELETE" });
  }

  /** Give it up: the server sees that nobody listens any more, and ends it. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** Events as they come: each is told by an empty line after it. */
  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) this.#take(event);
    }
  }

  #take(event: string): void {
    const [name = "", data = ""] = event.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
    if (name === "progress") this.progress = JSON.parse(data) as Progress;
    else if (name === "answer") this.found = JSON.parse(data) as Found;
    else this.refusal = (JSON.parse(data) as { detail: string }).detail;
  }

  /** Put its nodes on the map; those that were to be chosen anew go. */
  accept(answer: Found): void {
    const stays = new Set(answer.standing);
    const kept = desk.nodes.filter((node) => stays.has(node.id) || node.part === null || !desk.site?.catalogue[node.part]);
    desk.set([...kept, ...answer.nodes.map(({ cents: _, ...node }) => node)]);
    this.taken = true;
  }
}

export const search = new Search();
