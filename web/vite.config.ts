import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

const CORE =
  /node_modules\/(svelte|esm-env|clsx|openapi-fetch)\/|src\/(kernel|api|theme|i18n\/i18n|people\/session|ticketing\/basket|ui\/(Button|Icon|Notice|Logo|Header|Footer|Toasts))/;

const OFFICE = /src\/office\//;

/** Scripts and styles that only the office reaches: no fan's phone keeps them. */
const officeFiles = new Set<string>();

const officeApart: Plugin = {
  name: "office-apart",
  generateBundle(_, bundle) {
    const fans = new Set<string>();
    const visit = (file: string): void => {
      const chunk = bundle[file];
      if (chunk?.type !== "chunk" || fans.has(file) || OFFICE.test([chunk.facadeModuleId, ...chunk.moduleIds].join(" "))) return;
      fans.add(file);
      chunk.viteMetadata?.importedCss.forEach((style) => fans.add(style));
      [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
    };
    Object.values(bundle).forEach((file) => file.type === "chunk" && file.isEntry && visit(file.fileName));
    Object.keys(bundle).forEach((file) => /\.(js|css)$/.test(file) && !fans.has(file) && officeFiles.add(file));
  },
};

export default defineConfig({
  plugins: [
    svelte(),
    officeApart,
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      manifest: false,
      injectManifest: {
        rollupFormat: "iife",
        globPatterns: ["**/*.{js,css,html,woff2,svg,png}"],
        manifestTransforms: [(files) => ({ manifest: files.filter((file) => !officeFiles.has(file.url)) })],
      },
    }),
  ],
  build: {
    outDir: "../src/virage/web",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // What every screen needs comes in one piece.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "core", test: CORE }] } } },
  },
  server: { proxy: { "/api": "http://localhost:8000" } },
  test: { include: ["src/**/*.test.ts"] },
});
