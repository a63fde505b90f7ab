import { svelte } from "@sveltejs/vite-plugin-svelte";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

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
  build: { outDir: "../src/virage/web", emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://localhost:8000" } },
  test: { include: ["src/**/*.test.ts"] },
});
