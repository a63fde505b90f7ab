import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import ts from "typescript";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";
import { addresses } from "./addresses.ts";
import { APPS } from "./src/apps/table.ts";
import manifest from "./package.json" with { type: "json" };

/** The oldest browsers that run the app, as the build spells them: chrome106. */
const oldest = manifest.browserslist.map((browser) => browser.toLowerCase().replace(" ", ""));
/** Safari 15 has classes with fields but for the fault that `fieldsForSafari` avoids: they need no longer form. */
const syntax = oldest.map((browser) => browser.replace(/^(safari|ios)15\..*/, "$116"));

/** What the screens of all apps need. */
const CORE =
  /node_modules\/(svelte|esm-env|clsx|openapi-fetch)\/|src\/(apps\/[^/]+$|features\/ticketing\/basket|shared\/(runtime|api|theme|session|i18n\/i18n|ui\/(Button|Icon|Notice|Logo|Toasts)))/;
/** What stands beside it and the first page does without: the pages that need it fetch it. */
const LATER = /node_modules\/svelte\/src\/reactivity\/|src\/shared\/(api\/(stream|words)|runtime\/(download|floor|keep|indexed|database))\./;

/** Folder of a script: messages have one for each language, by which the service worker knows them. */
function folderOf(module: string | null | undefined): string {
  const tag = /\/messages\/([^/]+)\/web\//.exec(module ?? "")?.[1];
  return tag ? `assets/messages/${tag}` : "assets";
}

/** Files of the build by whose cache the service worker keeps them in. */
const phoneFiles = new Set<string>();
const deviceFiles = new Set<string>();

/** Phones cache the files of the fans' app, devices those that only the staff's app needs; other files are not cached. */
const filesByApp: Plugin = {
  name: "files-by-app",
  generateBundle(_, bundle) {
    const files = Object.values(bundle);
    const reached = (page: string): Set<string> => {
      const found = new Set([page.slice(1)]);
      const visit = (file: string): void => {
        const chunk = bundle[file];
        if (chunk?.type !== "chunk" || found.has(file)) return;
        found.add(file);
        chunk.viteMetadata?.importedCss.forEach((style) => found.add(style));
        [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
      };
      const entry = files.find((file) => file.type === "chunk" && file.isEntry && file.facadeModuleId?.endsWith(page));
      visit(entry!.fileName);
      return found;
    };
    const readers = files.map(({ fileName }) => fileName).filter((name) => /\.wasm$|\.worker-[^/]+\.js$/.test(name));
    reached(APPS.fan.page).forEach((file) => phoneFiles.add(file));
    [...reached(APPS.staff.page), ...readers].filter((file) => !phoneFiles.has(file)).forEach((file) => deviceFiles.add(file));
  },
};

const forTheServer: Plugin = {
  name: "addresses",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "addresses.json", source: JSON.stringify(addresses(), null, 1) });
  },
};

const DATA_TRACK = "'data:,WEBVTT'";

/** hls.js begins each track of captions with an empty file at a `data:` address, which our content policy refuses: a blob is the same. */
const captionsByPolicy: Plugin = {
  name: "captions-by-policy",
  transform(code, id) {
    if (!/\/hls\.js\/dist\/hls\.mjs$/.test(id)) return null;
    if (code.split(DATA_TRACK).length !== 2) throw new Error("hls.js makes its tracks in another way: look at createTrackNode again");
    const blob = 'const emptyTrack = URL.createObjectURL(new Blob(["WEBVTT\\n"], { type: "text/vtt" }));\n';
    return { code: blob + code.replace(DATA_TRACK, "emptyTrack"), map: null };
  },
};

/** French sets a space before its high marks, and a line never begins with one: messages are written with a plain space, and bound here. */
const spacedMarks: Plugin = {
  name: "spaced-marks",
  enforce: "pre",
  transform(code, id) {
    const [, folder] = /^(.*\/messages\/[^/]+)\/web\/[^/]+\.ts$/.exec(id) ?? [];
    if (!folder) return null;
    const { spaced_marks: marks } = JSON.parse(readFileSync(`${folder}/language.json`, "utf8")) as { spaced_marks?: string };
    if (!marks) return null;
    const before = new RegExp(` (?=[${marks}])|(?<=«) `, "g");
    let bound = code;
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
        const words = code.slice(node.pos, node.end).replace(before, "\u00a0");
        bound = bound.slice(0, node.pos) + words + bound.slice(node.end);
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(id, code, ts.ScriptTarget.Latest));
    return { code: bound, map: null };
  },
};

/** The nodes of a syntax tree, each before its parts. */
function* nodesOf(part: unknown): Generator<Record<string, unknown>> {
  if (typeof part !== "object" || part === null) return;
  if ("type" in part) yield part as Record<string, unknown>;
  for (const inner of Object.values(part)) yield* nodesOf(inner);
}

/** Safari 15 loses the variables of a class field's arrow function (WebKit bug 236843), unless another one is around it. */
const fieldsForSafari: Plugin = {
  name: "fields-for-safari",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      const fields = [...nodesOf(this.parse(chunk.code))].filter(({ type }) => type === "PropertyDefinition");
      const values = fields.map(({ value }) => value as { start: number; end: number } | null);
      const lost = values.filter((value) => [...nodesOf(value)].some(({ type }) => type === "ArrowFunctionExpression"));
      for (const value of lost.reverse()) {
        const { start, end } = value!;
        chunk.code = `${chunk.code.slice(0, start)}(()=>${chunk.code.slice(start, end)})()${chunk.code.slice(end)}`;
      }
    }
  },
};

export default defineConfig({
  resolve: { alias: { $messages: resolve("../src/virage/messages"), $web: resolve("src") } },
  plugins: [
    spacedMarks,
    svelte(),
    filesByApp,
    forTheServer,
    captionsByPolicy,
    fieldsForSafari,
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src/worker",
      filename: "sw.ts",
      injectRegister: false,
      manifest: false,
      injectManifest: {
        rollupFormat: "iife",
        globPatterns: ["**/*.{js,css,html,woff2,svg,png,wasm}"],
        globIgnores: ["**/hls-*"], // who never opens a replay never fetches what plays it, and it wants a network anyway
        manifestTransforms: [
          (files) => ({
            manifest: files
              .filter(({ url }) => !/\.(js|css|html|wasm)$/.test(url) || phoneFiles.has(url) || deviceFiles.has(url))
              .map((file) => (deviceFiles.has(file.url) ? { ...file, url: `gate:${file.url}` } : file)),
          }),
        ],
      },
    }),
  ],
  build: {
    outDir: "../src/virage/web",
    emptyOutDir: true,
    target: syntax,
    cssTarget: oldest,
    modulePreload: { polyfill: false },
    // What every screen needs comes in one piece.
    rolldownOptions: {
      input: ["index.html", "staff.html", "office.html"],
      output: {
        codeSplitting: { groups: [{ name: "core", test: (id) => CORE.test(id) && !LATER.test(id) }] },
        chunkFileNames: ({ facadeModuleId }) => `${folderOf(facadeModuleId)}/[name]-[hash].js`,
      },
    },
  },
  worker: { format: "es", plugins: () => [fieldsForSafari] },
  server: { proxy: { "/api": "http://localhost:8000" } },
  test: { include: ["src/**/*.test.ts"] },
});
