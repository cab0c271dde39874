// The readings as strips of one field each on a common time axis. Dates are drawn with what is known of them: a filled point
// is synced, a hollow one anchored, a whisker is the error bound; hatched bands are sequence numbers without a reading, and lie over none.

import uPlot from "uplot";
import type { FieldShape, MissingRange, Reading } from "../api/schema";
import { gapsOf, type Gap } from "./gaps";

export interface Strip {
  field: FieldShape;
  /** Raw counts are drawn, for none of them has a physical value: the device has no coefficients yet. */
  counts: boolean;
  values: (number | null)[];
}

export interface Plot {
  /** Unix s, as uPlot wants it; strictly as many as `readings`. */
  at: number[];
  readings: (Reading | null)[];
  strips: Strip[];
  gaps: Gap[];
}

export const DATE = (reading: Reading): number => reading.measured_ms ?? reading.arrival_ms;

/** Put readings (any order) on the axis; a null stands wherever sequence numbers are missing, so that no line crosses it. */
export function plotOf(fields: FieldShape[], rows: Reading[], missing: MissingRange[]): Plot {
  const ordered = rows.slice().sort((one, other) => DATE(one) - DATE(other) || one.seq - other.seq);
  const at: number[] = [];
  const readings: (Reading | null)[] = [];
  let before: Reading | null = null;
  for (const reading of ordered) {
    if (before && breaks(before, reading)) {
      at.push((DATE(before) + DATE(reading)) / 2000);
      readings.push(null);
    }
    at.push(DATE(reading) / 1000);
    readings.push(reading);
    before = reading;
  }
  const strips = fields.map((field) => {
    const counts = field.calibration !== null && !ordered.some((reading) => typeof reading.values[field.name] === "number");
    const drawn = (reading: Reading): number | null => (counts ? (reading.raw[field.name] ?? null) : raw(field, reading));
    return { field, counts, values: readings.map((reading) => (reading ? drawn(reading) : null)) };
  });
  return { at, readings, strips: strips.filter((strip) => strip.values.some((value) => value !== null)), gaps: gapsOf(missing, rows) };
}

function breaks(before: Reading, after: Reading): boolean {
  return before.boot !== after.boot || before.incarnation !== after.incarnation || after.seq !== before.seq + 1;
}

function raw(field: FieldShape, reading: Reading): number | null {
  const value = reading.values[field.name];
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return value;
  const named = Object.entries(field.enum ?? {}).find(([, name]) => name === value);
  return named ? Number(named[0]) : Number(value);
}

export interface Look {
  ink: string;
  soft: string;
  line: string;
  paper: string;
  series: string;
  lost: string;
  owed: string;
  quarantined: string;
  font: string;
}

export function look(): Look {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("i");
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    ink: colour("ink"),
    soft: colour("faint"),
    line: colour("line"),
    paper: colour("paper"),
    series: colour("online"),
    lost: colour("lost"),
    owed: colour("silent"),
    quarantined: colour("deaf"),
    font: `11px ${style.getPropertyValue("--sans")}`,
  };
  probe.remove();
  return found;
}

export interface Options {
  width: number;
  height: number;
  last: boolean;
  colours: Look;
  onHover: (index: number | null) => void;
  /** A person has drawn a span, Unix s, or asked (null) for all of the window again. */
  onZoom: (span: [number, number] | null) => void;
}

export function draw(into: HTMLElement, plot: () => Plot, strip: Strip, options: Options): uPlot {
  const { colours } = options;
  const names = strip.field.enum;
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const axis: uPlot.Axis = { stroke: colours.soft, font: colours.font, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } };
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [6, 8, options.last ? null : 2, 0],
      legend: { show: false },
      cursor: {
        sync: { key: "readings", scales: ["x", null] },
        y: false,
        points: { size: 7 },
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => (options.onZoom(null), null) },
      },
      scales: {
        // Set from outside: the window that was asked for, up to now, so that an old reading looks old.
        x: { time: true, auto: false },
        y: { range: (_, low, high) => bounds(low, high, names !== null) },
      },
      axes: [
        { ...axis, show: options.last, size: 26, values: (_, ticks) => ticks.map(label) },
        {
          ...axis,
          size: 64,
          space: names ? 14 : 24,
          ...(names ? { splits: () => Object.keys(names).map(Number), values: (_: uPlot, ticks: number[]) => ticks.map((tick) => names[tick] ?? "") } : {}),
        },
      ],
      series: [
        {},
        {
          stroke: colours.series,
          width: 1.25,
          points: { show: false },
          ...(names && stepped ? { paths: stepped } : {}),
        },
      ],
      hooks: {
        drawAxes: [(chart) => bands(chart, plot().gaps, colours)],
        draw: [(chart) => points(chart, plot(), colours)],
        setSelect: [(chart) => zoom(chart, options.onZoom)],
        setCursor: [(chart) => options.onHover(chart.cursor.idx ?? null)],
      },
    },
    [plot().at, strip.values],
    into,
  );
}

function zoom(chart: uPlot, told: Options["onZoom"]): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  told([chart.posToVal(left, "x"), chart.posToVal(left + width, "x")]);
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function label(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => value.toString().padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.getSeconds()) return `${clock}:${two(date.getSeconds())}`;
  if (date.getHours() || date.getMinutes()) return clock;
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

function bounds(low: number | null, high: number | null, named: boolean): [number, number] {
  if (low === null || high === null) return [0, 1];
  if (named) return [Math.min(0, low) - 0.4, Math.max(1, high) + 0.4];
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low - room, high + room];
}

const CLASS_COLOUR: Record<string, "lost" | "owed" | "quarantined"> = { lost: "lost", owed: "owed", quarantined: "quarantined" };

/** A band keeps off the points at its ends; a gap that is thinner than that is still seen. */
const CLEAR_PX = 3;
const LEAST_PX = 2;

function bands(chart: uPlot, gaps: Gap[], colours: Look): void {
  const { ctx, bbox } = chart;
  const scale = chart.scales.x;
  if (!scale || scale.min === undefined || scale.max === undefined || scale.min === null || scale.max === null) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const gap of gaps) {
    const clear = CLEAR_PX * devicePixelRatio;
    const [left, right] = [
      gap.from === null ? bbox.left : chart.valToPos(gap.from / 1000, "x", true) + clear,
      gap.to === null ? bbox.left + bbox.width : chart.valToPos(gap.to / 1000, "x", true) - clear,
    ];
    const wide = Math.max(LEAST_PX * devicePixelRatio, right - left);
    if (wide > right - left && !gap.whole) continue;
    const from = (left + right - wide) / 2;
    const colour = colours[CLASS_COLOUR[gap.cls] ?? "lost"];
    ctx.fillStyle = colour;
    ctx.globalAlpha = 0.1;
    ctx.fillRect(from, bbox.top, wide, bbox.height);
    ctx.globalAlpha = 0.45;
    hatch(ctx, gap.cls, from, bbox.top, wide, bbox.height, colour);
  }
  ctx.restore();
}

/** Each class has its own hatch, so that it is told apart without colour: lost crosses out, owed waits, quarantined bars. */
function hatch(ctx: CanvasRenderingContext2D, cls: string, x: number, y: number, width: number, height: number, colour: string): void {
  const step = 7 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  if (cls === "quarantined") {
    for (let at = y + step / 2; at < y + height; at += step) ctx.moveTo(x, at), ctx.lineTo(x + width, at);
  } else {
    if (cls === "owed") ctx.setLineDash([devicePixelRatio, 4 * devicePixelRatio]);
    for (let at = x - height; at < x + width; at += step) ctx.moveTo(at, y + height), ctx.lineTo(at + height, y);
    if (cls === "lost") for (let at = x - height; at < x + width; at += step) ctx.moveTo(at, y), ctx.lineTo(at + height, y + height);
  }
  ctx.stroke();
  ctx.restore();
}

function points(chart: uPlot, plot: Plot, colours: Look): void {
  const { ctx, bbox } = chart;
  const values = chart.data[1];
  if (!values) return;
  const ratio = devicePixelRatio;
  const perPoint = bbox.width / Math.max(1, visible(chart));
  const radius = (perPoint > 5 * ratio ? 2.2 : 1.3) * ratio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = ratio;
  ctx.strokeStyle = colours.series;
  for (let index = 0; index < plot.at.length; index++) {
    const reading = plot.readings[index];
    const value = values[index];
    if (!reading || value === null || value === undefined) continue;
    const x = chart.valToPos(plot.at[index]!, "x", true);
    const y = chart.valToPos(value, "y", true);
    if (x < bbox.left - 50 * ratio || x > bbox.left + bbox.width + 50 * ratio) continue;
    const error = reading.error_ms === null ? 0 : chart.valToPos(plot.at[index]! + reading.error_ms / 1000, "x", true) - x;
    if (error > radius * 1.5) {
      ctx.globalAlpha = 0.22;
      ctx.fillStyle = colours.series;
      ctx.fillRect(x - error, y - ratio, 2 * error, 2 * ratio);
      ctx.globalAlpha = 1;
    }
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = reading.quality === "synced" ? colours.series : colours.paper;
    ctx.fill();
    if (reading.quality !== "synced" && radius > 1.5 * ratio) {
      ctx.setLineDash(reading.quality === "bounded" ? [1.5 * ratio, 1.5 * ratio] : []);
      ctx.stroke();
    }
  }
  ctx.restore();
}

function visible(chart: uPlot): number {
  const scale = chart.scales.x;
  const at = chart.data[0];
  return at.filter((value) => value >= (scale?.min ?? 0) && value <= (scale?.max ?? 0)).length;
}
