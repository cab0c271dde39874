// What the server works out for the plan on the page. One answer each, wherever it is shown: in a panel, on the map, in print.

import { Asked } from "./asked.svelte";
import type { Point } from "./geometry";

export interface Link {
  a: string;
  b: string;
  technology: string;
  metres: number;
  way: string;
  over: string[];
  through: string[];
  loss_db: number | null;
  margin_db: number | null;
  spare_db: number | null;
  rate: string | null;
  used: boolean;
}

export interface NetworkTold {
  topology: string;
  links: Link[];
  failures: { kind: string; what: string; dark: string[] }[];
  cables: { rows: { id: string; from: string; to: string; cable: string; metres: number; route_m: number; places: Point[]; lines: string[]; problems: string[] }[]; unroutable: Record<string, string>; trench_m: number; trench_bound_m: number };
  switches: { switch: string; devices: number; ports: number; draws_mw: number; budget_mw: number; problems: string[] }[];
  problems: string[];
  notes: string[];
  places: Record<string, Point>;
}

export interface PowerTold {
  met: boolean;
  nodes: { node: string; kind: string; daily_wh: number | null; autonomy_days: number | null; endless: boolean; dark_share: number | null; worst_month: string | null; upper_bound: boolean; met: boolean | null; terms: string[]; notes: string[] }[];
  switches: { switch: string; reserved_w: number; spare_w: number; spare_ports: number; problems: string[] }[];
  notes: string[];
}

export interface Bill {
  content_hash: string;
  currency: string;
  total_cents: number;
  at_least: boolean;
  budget_cents: number | null;
  verdict: string;
  unpriced: string[];
  lacks: string[];
  lines: { kind: string; part: string; title: string; quantity: number; spares: number; unit: string; price_cents: number | null; cents: number | null; price_from: string; asked_by: string }[];
}

export interface VariantRow {
  id: string | null;
  title: string;
  nodes: number;
  score: number;
  met: boolean;
  zones: { id: string; shares: number[]; met: boolean }[];
  total_cents: number;
  at_least: boolean;
}

/** Links are quick to work out: they follow what is dragged. */
const LINKS_SETTLE_MS = 60;

export const network = new Asked<NetworkTold>("network", LINKS_SETTLE_MS);
export const power = new Asked<PowerTold>("power");
export const bill = new Asked<Bill>("bom");
export const variants = new Asked<{ currency: string; variants: VariantRow[] }>("variants");
