import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

// The font's licence goes wherever the font goes.
const fontLicence: Plugin = {
  name: "font-licence",
  generateBundle() {
    const source = readFileSync("node_modules/@fontsource-variable/public-sans/LICENSE", "utf8");
    this.emitFile({ type: "asset", fileName: "assets/public-sans.LICENSE.txt", source });
  },
};

export default defineConfig({
  plugins: [svelte(), fontLicence],
  // The API to develop against: `seamline up`, or any hub.
  server: { proxy: { "/api": process.env.SEAMLINE_URL ?? "http://127.0.0.1:8080" } },
  build: {
    outDir: process.env.SEAMLINE_WEB ?? "../src/seamline/web",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
