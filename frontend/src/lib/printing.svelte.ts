// Printing the whole plan: every panel is asked for first, and every page says of which plan it is.

import { tick, type Component } from "svelte";
import { desk, type Spot } from "./desk.svelte";
import { bill, network, power, variants } from "./panels.svelte";

class Printing {
  /** From the wish to print until it is done: all panels are worked out and stand behind the map. */
  wanted = $state(false);
  /** What is printed behind the map. */
  Sheets = $state.raw<Component<{ spots: (Spot & { key: string; zone: string })[] }> | null>(null);

  readonly ready: boolean = $derived(this.wanted && desk.proof !== "asking" && [bill, network, power, variants].every((one) => one.settled));
  readonly footer: string = $derived(
    `${desk.site?.title ?? ""}${desk.site?.variant ? `, variant ${desk.site.variant}` : ""} · content ${bill.value?.content_hash ?? "not known"}${desk.dirty ? " · not saved" : ""}`,
  );
  readonly #sheet = new CSSStyleSheet();

  /** Fetch the sheets, then have everything on them worked out. Without them what the page has is printed, and says so. */
  async begin(): Promise<void> {
    try {
      this.Sheets ??= (await import("../planner/Sheets.svelte")).default;
      this.wanted = true;
    } catch {
      window.print();
    }
  }

  /** Call within `$effect`: prints once everything is there. */
  go(): void {
    if (!this.ready) return;
    this.#foot(this.footer);
    void tick().then(() => window.print());
  }

  end(): void {
    this.wanted = false;
  }

  /** The margins of pages can be written in a style sheet only; one made here needs no leave of the content security policy. */
  #foot(text: string): void {
    const quoted = `"${text.replace(/[\\"]/g, "\\$&").replace(/\s+/g, " ")}"`;
    const box = "font: 7pt ui-sans-serif, system-ui, sans-serif; color: #555; font-variant-ligatures: none;";
    this.#sheet.replaceSync(`@page { size: A4; margin: 14mm 14mm 18mm; @bottom-left { content: ${quoted}; ${box} } @bottom-right { content: counter(page) " / " counter(pages); ${box} } }`);
    if (!document.adoptedStyleSheets.includes(this.#sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#sheet];
  }
}

export const printing = new Printing();
