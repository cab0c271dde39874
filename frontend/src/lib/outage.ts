// An outage is told once, by the banner at the top of the page: what lacks an answer below it says only that it waits.

import { getContext, setContext } from "svelte";
import type { Failure } from "./api";

type Tells = (failure: Failure | null) => boolean;

const BANNER = Symbol("banner");

/** Called by the page that has the banner: `tells` says whether that gives the reason of a failure now. */
export function bannerTells(tells: Tells): void {
  setContext<Tells>(BANNER, tells);
}

/** Whether the banner gives the reason of a failure; without a banner nothing does. Call while a component is made. */
export function toldByBanner(): Tells {
  return getContext<Tells | undefined>(BANNER) ?? (() => false);
}
