// The plan that is worked on: nodes as they are now, what can be undone, what the page's kernel sees, and whether the server sees the same.

import { Failure, get, post, put } from "./api";
import { Kernel } from "./kernel";
import { hashOf, Sight, type PlanNode, type Seen, type Site } from "./sight";
import type { Polygon } from "./geometry";

export interface Spot {
  id: string;
  area_m2: number;
  polygons: Polygon[];
  causes: { kind: string; what: string; area_m2: number }[];
}

export interface Told {
  score: number;
  met: boolean;
  hash: string;
  zones: { id: string; met: boolean; hash: string; needs: { share: number; met: boolean; seen: Record<string, number>; alone: Record<string, number>; spots: Spot[] }[] }[];
}

/** `asking`: not answered yet; `differs`: a defect, and worth telling us. */
export type Proof = "asking" | "confirmed" | "differs" | "unanswered";

const SETTLE_MS = 120;
const STEPS_MAX = 200;
const TOGETHER_MS = 700;

class Desk {
  site = $state.raw<Site | null>(null);
  nodes = $state.raw<PlanNode[]>([]);
  chosen = $state<string | null>(null);
  failure = $state.raw<Failure | null>(null);
  broken = $state("");
  told = $state.raw<Told | null>(null);
  proof = $state<Proof>("asking");
  hash = $state("");
  took = $state(0);
  #sight = $state.raw<Sight | null>(null);
  #done = $state.raw<PlanNode[][]>([]);
  #undone = $state.raw<PlanNode[][]>([]);
  #keptFor = "";
  #keptAt = 0;
  #turn = 0;

  readonly seen: Seen | null = $derived.by(() => this.#sight?.see(this.nodes) ?? null);
  readonly node: PlanNode | null = $derived(this.nodes.find((node) => node.id === this.chosen) ?? null);
  readonly canUndo: boolean = $derived(this.#done.length > 0);
  readonly canRedo: boolean = $derived(this.#undone.length > 0);
  readonly changed: PlanNode[] = $derived.by(() => {
    const was = new Map(this.site?.nodes.map((node) => [node.id, JSON.stringify(node)]));
    return this.nodes.filter((node) => was.get(node.id) !== JSON.stringify(node));
  });
  readonly removed: string[] = $derived.by(() => {
    const here = new Set(this.nodes.map((node) => node.id));
    return this.site?.nodes.filter((node) => !here.has(node.id)).map((node) => node.id) ?? [];
  });
  readonly dirty: boolean = $derived(this.changed.length > 0 || this.removed.length > 0);

  async open(variant: string | null): Promise<void> {
    try {
      const site = await get<Site>(variant ? `site?variant=${encodeURIComponent(variant)}` : "site");
      const kernel = await Kernel.load("/kernel.wasm", site.solids);
      this.#sight = null;
      this.site = site;
      this.nodes = site.nodes;
      this.#sight = new Sight(site, kernel);
      this.#done = [];
      this.#undone = [];
      this.failure = null;
      this.told = null;
      if (!site.nodes.some((node) => node.id === this.chosen)) this.chosen = null;
    } catch (error) {
      if (error instanceof Failure) this.failure = error;
      else this.broken = String(error);
    }
  }

  /** What the server is asked about. */
  body(): { content: string; variant: string | null; nodes: Omit<PlanNode, "existing">[]; removed: string[] } {
    const nodes = this.changed.map(({ existing: _, ...node }) => node);
    return { content: this.site?.content ?? "", variant: this.site?.variant ?? null, nodes, removed: this.removed };
  }

  /** Remember how it is, to come back to. Steps with the same name that follow at once are one. */
  keep(name: string): void {
    const now = performance.now();
    const together = name !== "" && name === this.#keptFor && now - this.#keptAt < TOGETHER_MS;
    this.#keptFor = name;
    this.#keptAt = now;
    if (together && this.#undone.length === 0) return;
    this.#done = [...this.#done, this.nodes].slice(-STEPS_MAX);
    this.#undone = [];
  }

  change(id: string, values: Partial<PlanNode>): void {
    const start = performance.now();
    this.nodes = this.nodes.map((node) => (node.id === id && !node.existing ? { ...node, ...values } : node));
    void this.seen;
    this.took = performance.now() - start;
  }

  set(nodes: PlanNode[]): void {
    this.keep("");
    this.nodes = nodes;
    if (!nodes.some((node) => node.id === this.chosen)) this.chosen = null;
  }

  undo(): void {
    const before = this.#done.at(-1);
    if (!before) return;
    this.#undone = [...this.#undone, this.nodes];
    this.#done = this.#done.slice(0, -1);
    this.nodes = before;
    this.#keptFor = "";
  }

  redo(): void {
    const after = this.#undone.at(-1);
    if (!after) return;
    this.#done = [...this.#done, this.nodes];
    this.#undone = this.#undone.slice(0, -1);
    this.nodes = after;
    this.#keptFor = "";
  }

  /** Ask the server about the nodes as they are, once they stand still; call within `$effect`. Returns how to leave off. */
  confirm(): () => void {
    const { seen } = this;
    if (!seen) return () => undefined;
    const turn = ++this.#turn;
    const body = this.body();
    const abort = new AbortController();
    this.proof = "asking";
    const timer = window.setTimeout(() => void this.#ask(turn, seen, body, abort.signal), SETTLE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }

  async #ask(turn: number, seen: Seen, body: unknown, signal: AbortSignal): Promise<void> {
    try {
      const own = [...seen.zones.map((zone) => zone.masks), seen.zones.flatMap((zone) => zone.masks)];
      const [told, hashes] = await Promise.all([post<Told>("cover", body, signal), Promise.all(own.map(hashOf))]);
      if (turn !== this.#turn) return;
      this.told = told;
      this.proof = told.hash === hashes.at(-1) && told.zones.every((zone, at) => zone.hash === hashes[at]) ? "confirmed" : "differs";
      this.hash = told.hash;
      this.failure = null;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.proof = "unanswered";
      this.failure = error;
    }
  }

  /** Write the changes into the plan's file; with a name, as a variant of it. */
  async save(variant: { id: string; title: string } | null): Promise<void> {
    await put("plan", { ...this.body(), as_variant: variant?.id ?? null, title: variant?.title ?? "" });
    await this.open(variant?.id ?? this.site?.variant ?? null);
  }
}

export const desk = new Desk();
