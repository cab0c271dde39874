import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

// What others wrote goes nowhere without its licence.
const SHIPPED = { "public-sans": "@fontsource-variable/public-sans/LICENSE", svelte: "svelte/LICENSE.md", uplot: "uplot/LICENSE" };
const licences: Plugin = {
  name: "licences",
  generateBundle() {
    for (const [name, file] of Object.entries(SHIPPED)) {
      const source = readFileSync(`node_modules/${file}`, "utf8");
      this.emitFile({ type: "asset", fileName: `assets/${name}.LICENSE.txt`, source });
    }
  },
};

export default defineConfig({
  plugins: [svelte(), licences],
  // The API to develop against: `seamline up`, or any hub.
  server: { proxy: { "/api": process.env.SEAMLINE_URL ?? "http://127.0.0.1:8080" } },
  build: {
    outDir: process.env.SEAMLINE_WEB ?? "../src/seamline/web",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The hub's pages, and the planner's own: neither loads what is the other's.
    rolldownOptions: { input: { index: "index.html", planner: "planner.html" } },
  },
});
