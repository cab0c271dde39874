// Asking the hub: typed answers, or a failure that says whose it is.

import type { Problem } from "../api/schema";
import { clock } from "./clock.svelte";

/** `offline`: no answer at all; otherwise the hub's own words. */
export class Failure extends Error {
  readonly problem: Problem | null;

  constructor(problem: Problem | null) {
    super(problem?.detail ?? "The hub does not answer.");
    this.problem = problem;
  }

  get offline(): boolean {
    return this.problem === null;
  }

  get databaseAway(): boolean {
    return this.problem?.status === 503 && this.problem.title === "Database away";
  }

  get missing(): boolean {
    return this.problem?.status === 404;
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, signal ? { signal } : {});
}

export async function put<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return ask<T>(path, signal ? { ...init, signal } : init);
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`/api/${path}`, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure(null);
  }
  const hubMs = Number(answer.headers.get("Seamline-Time-Ms"));
  // A revalidated answer carries the stored headers with the new time; zero means there was none.
  if (hubMs > 0) clock.sync(hubMs);
  if (!answer.ok) throw new Failure(await problem(answer));
  return (await answer.json()) as T;
}

async function problem(answer: Response): Promise<Problem> {
  try {
    return (await answer.json()) as Problem;
  } catch {
    return { type: "about:blank", title: answer.statusText, status: answer.status, detail: `The hub answered ${answer.status}.`, remedy: null };
  }
}
