import { svelte } from "@sveltejs/vite-plugin-svelte";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

const CORE =
  /node_modules\/(svelte|esm-env|clsx|openapi-fetch)\/|src\/(kernel|api|theme|i18n\/i18n|people\/session|ticketing\/basket|ui\/(Button|Icon|Notice|Logo|Header|Footer|Toasts))/;

export default defineConfig({
  plugins: [
    svelte(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      manifest: false,
      injectManifest: { rollupFormat: "iife", globPatterns: ["**/*.{js,css,html,woff2,svg,png}"] },
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
