// Pages are named by the hash: #/, #/device/ID, #/quarantine, #/quarantine/7, #/faults/CONTRACT, #/site, #/site/ID; what is filtered stands behind a question mark.

export type Page = "fleet" | "device" | "quarantine" | "faults" | "site" | "unknown";

class Route {
  page = $state<Page>("fleet");
  argument = $state("");
  query = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    window.addEventListener("hashchange", () => this.#read());
  }

  /** Change the filter without a new entry in the history. */
  refine(changes: Record<string, string>): void {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    this.query = query;
    const text = query.toString();
    const path = location.hash.split("?")[0] || "#/";
    history.replaceState(null, "", text ? `${path}?${text}` : path);
  }

  #read(): void {
    const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [name = "", argument = ""] = path.split("/");
    const pages: Record<string, Page> = { "": "fleet", device: "device", quarantine: "quarantine", faults: "faults", site: "site" };
    this.page = pages[name] ?? "unknown";
    this.argument = decodeURIComponent(argument);
    this.query = new URLSearchParams(query);
  }
}

export const route = new Route();
