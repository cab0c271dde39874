// The plan that is worked on: what stands where now, what can be undone, what the page's kernel sees, and whether the server sees the same.

import { Failure, get, post, put } from "./api";
import { hashOf, Kernel } from "./kernel.js";
import { Sight, type PlanNode, type Seen, type Site, type Station } from "./sight";
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

/** A dropped survey that is in the plan on the page: what the server calls it, and the file that it stands for. */
export interface Adopted {
  id: string;
  name: string;
  instead: string | null;
}

/** Everything that a step can change. */
interface Step {
  site: Site;
  sight: Sight;
  surveys: Adopted[];
  nodes: PlanNode[];
  stations: Station[];
}

export interface Body {
  content: string;
  variant: string | null;
  surveys: { id: string; instead: string | null }[];
  nodes: Omit<PlanNode, "existing">[];
  removed: string[];
  stations: { section: string; id: string; x: number; y: number; height_m: number | null }[];
}

const SETTLE_MS = 120;
const STEPS_MAX = 200;
const TOGETHER_MS = 700;

/** What a station is called where nodes are too: a gateway and a supply may have one name. */
export function keyOf(station: Station): string {
  return `${station.section}/${station.id}`;
}

class Desk {
  site = $state.raw<Site | null>(null);
  nodes = $state.raw<PlanNode[]>([]);
  stations = $state.raw<Station[]>([]);
  surveys = $state.raw<Adopted[]>([]);
  /** A node's id or a station's key. */
  chosen = $state<string | null>(null);
  failure = $state.raw<Failure | null>(null);
  broken = $state("");
  /** The plan is being written: what is asked of it now would be answered by another. */
  saving = $state(false);
  told = $state.raw<Told | null>(null);
  proof = $state<Proof>("asking");
  hash = $state("");
  took = $state(0);
  #sight = $state.raw<Sight | null>(null);
  #done = $state.raw<Step[]>([]);
  #undone = $state.raw<Step[]>([]);
  #keptFor = "";
  #keptAt = 0;
  #turn = 0;

  readonly seen: Seen | null = $derived.by(() => this.#sight?.see(this.nodes) ?? null);
  readonly node: PlanNode | null = $derived(this.nodes.find((node) => node.id === this.chosen) ?? null);
  readonly station: Station | null = $derived(this.stations.find((station) => keyOf(station) === this.chosen) ?? null);
  readonly canUndo: boolean = $derived(this.#done.length > 0);
  readonly canRedo: boolean = $derived(this.#undone.length > 0);
  readonly changed: PlanNode[] = $derived(differing(this.nodes, this.site?.nodes ?? []));
  readonly moved: Station[] = $derived(differing(this.stations, this.site?.stations ?? []));
  readonly removed: string[] = $derived.by(() => {
    const here = new Set(this.nodes.map((node) => node.id));
    return this.site?.nodes.filter((node) => !here.has(node.id)).map((node) => node.id) ?? [];
  });
  readonly dirty: boolean = $derived(this.changed.length + this.moved.length + this.removed.length > 0 || this.surveys.length > 0);

  async open(variant: string | null): Promise<void> {
    try {
      const { site, sight } = await load(variant, []);
      this.#put({ site, sight, surveys: [], nodes: site.nodes, stations: site.stations });
      this.#done = [];
      this.#undone = [];
      this.failure = null;
      this.told = null;
    } catch (error) {
      if (error instanceof Failure) this.failure = error;
      else this.broken = String(error);
    }
  }

  /** What the server is asked about. */
  body(): Body {
    const nodes = this.changed.map(({ existing: _, ...node }) => node);
    const stations = this.moved.map(({ section, id, x, y, height_m }) => ({ section, id, x, y, height_m }));
    const surveys = this.surveys.map(({ id, instead }) => ({ id, instead }));
    return { content: this.site?.content ?? "", variant: this.site?.variant ?? null, surveys, nodes, removed: this.removed, stations };
  }

  /** Remember how it is, to come back to. Steps with the same name that follow at once are one. */
  keep(name: string): void {
    const step = this.#step();
    if (!step) return;
    const now = performance.now();
    const together = name !== "" && name === this.#keptFor && now - this.#keptAt < TOGETHER_MS;
    this.#keptFor = name;
    this.#keptAt = now;
    if (together && this.#undone.length === 0) return;
    this.#done = [...this.#done, step].slice(-STEPS_MAX);
    this.#undone = [];
  }

  change(id: string, values: Partial<PlanNode>): void {
    const start = performance.now();
    this.nodes = this.nodes.map((node) => (node.id === id && !node.existing ? { ...node, ...values } : node));
    void this.seen;
    this.took = performance.now() - start;
  }

  /** Move a gateway or supply. */
  shift(key: string, values: Partial<Station>): void {
    this.stations = this.stations.map((station) => (keyOf(station) === key && !station.existing ? { ...station, ...values } : station));
  }

  set(nodes: PlanNode[]): void {
    this.keep("");
    this.nodes = nodes;
    this.#letGo();
  }

  /** Put one more dropped survey into the plan on this page. What was changed on it stays changed. Raises Failure. */
  async adopt(survey: Adopted): Promise<void> {
    const surveys = [...this.surveys, survey];
    const { site, sight } = await load(this.site?.variant ?? null, surveys);
    const mine = new Map(this.changed.map((node) => [node.id, node]));
    const removed = new Set(this.removed);
    const known = new Set(site.nodes.map((node) => node.id));
    const nodes = [
      ...site.nodes.filter((node) => !removed.has(node.id)).map((node) => mine.get(node.id) ?? node),
      ...this.changed.filter((node) => !known.has(node.id)),
    ];
    const moved = new Map(this.moved.map((station) => [keyOf(station), station]));
    this.keep("");
    this.#put({ site, sight, surveys, nodes, stations: site.stations.map((station) => moved.get(keyOf(station)) ?? station) });
  }

  undo(): void {
    const [before, now] = [this.#done.at(-1), this.#step()];
    if (!before || !now) return;
    this.#undone = [...this.#undone, now];
    this.#done = this.#done.slice(0, -1);
    this.#put(before);
  }

  redo(): void {
    const [after, now] = [this.#undone.at(-1), this.#step()];
    if (!after || !now) return;
    this.#done = [...this.#done, now];
    this.#undone = this.#undone.slice(0, -1);
    this.#put(after);
  }

  #step(): Step | null {
    const { site, surveys, nodes, stations } = this;
    return site && this.#sight ? { site, sight: this.#sight, surveys, nodes, stations } : null;
  }

  #put(step: Step): void {
    this.#sight = null;
    this.site = step.site;
    this.surveys = step.surveys;
    this.nodes = step.nodes;
    this.stations = step.stations;
    this.#sight = step.sight;
    this.#keptFor = "";
    this.#letGo();
  }

  #letGo(): void {
    if (!this.node && !this.station) this.chosen = null;
  }

  /** Ask the server about the nodes as they are, once they stand still; call within `$effect`. Returns how to leave off. */
  confirm(): () => void {
    const { seen } = this;
    if (!seen || this.saving) return () => undefined;
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
    this.saving = true;
    try {
      await put("plan", { ...this.body(), as_variant: variant?.id ?? null, title: variant?.title ?? "" });
      await this.open(variant?.id ?? this.site?.variant ?? null);
    } finally {
      this.saving = false;
    }
  }
}

async function load(variant: string | null, surveys: Adopted[]): Promise<{ site: Site; sight: Sight }> {
  const asked = new URLSearchParams();
  if (variant) asked.set("variant", variant);
  for (const { id, instead } of surveys) {
    asked.append("survey", id);
    asked.append("instead", instead ?? "");
  }
  const site = await get<Site>(asked.size ? `site?${asked}` : "site");
  return { site, sight: new Sight(site, await Kernel.load(fetch("/kernel.wasm"), site.solids)) };
}

function differing<T extends { id: string }>(now: T[], before: T[]): T[] {
  const was = new Set(before.map((one) => JSON.stringify(one)));
  return now.filter((one) => !was.has(JSON.stringify(one)));
}

export const desk = new Desk();
