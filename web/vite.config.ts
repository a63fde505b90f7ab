import { svelte } from "@sveltejs/vite-plugin-svelte";
import ts from "typescript";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";
import { addresses } from "./addresses.ts";
import manifest from "./package.json" with { type: "json" };

/** The oldest browsers that run the app, as the build spells them: chrome106. */
const oldest = manifest.browserslist.map((browser) => browser.toLowerCase().replace(" ", ""));
/** Safari 15 has classes with fields but for the fault that `fieldsForSafari` avoids: they need no longer form. */
const syntax = oldest.map((browser) => browser.replace(/^(safari|ios)15\..*/, "$116"));

/** What every screen needs. */
const CORE =
  /node_modules\/(svelte|esm-env|clsx|openapi-fetch)\/|src\/(kernel|api|theme|i18n\/i18n|people\/session|ticketing\/basket|ui\/(Button|Icon|Notice|Logo|Header|Footer|Toasts))/;
/** What stands beside it and the first page does without: the pages that need it fetch it. */
const LATER = /node_modules\/svelte\/src\/reactivity\/|src\/(api\/(stream|words)|kernel\/(download|floor|keep|indexed))\./;

/** What only staff with a network opens: the office, the kitchen, the match desk, the describers. */
const OFFICE = /src\/(office|food\/kitchen|live\/desk|replay\/describe)\//;
/** Gates and tills; what they share with a fan's receipt is the fans' too. */
const POSTS = /src\/(access|till|devices\/(?!key|nfc))/;

/** Scripts and styles that only the office reaches: no fan's phone keeps them. */
const officeFiles = new Set<string>();
/** What gates and tills need besides the fans' files, their QR reader too: their devices keep it, and nobody else. */
const gateFiles = new Set<string>();

const staffApart: Plugin = {
  name: "staff-apart",
  generateBundle(_, bundle) {
    const reached = (starts: string[], avoid: RegExp[]): Set<string> => {
      const found = new Set<string>();
      const visit = (file: string): void => {
        const chunk = bundle[file];
        if (chunk?.type !== "chunk" || found.has(file)) return;
        const modules = [chunk.facadeModuleId, ...chunk.moduleIds].join(" ");
        if (avoid.some((apart) => apart.test(modules))) return;
        found.add(file);
        chunk.viteMetadata?.importedCss.forEach((style) => found.add(style));
        [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
      };
      starts.forEach(visit);
      return found;
    };
    const files = Object.values(bundle);
    const entries = files.filter((file) => file.type === "chunk" && file.isEntry).map((file) => file.fileName);
    const fans = reached(entries, [OFFICE, POSTS]);
    const staff = reached(entries, [OFFICE]);
    for (const { fileName } of files) {
      if (/\.wasm$|\.worker-[^/]+\.js$/.test(fileName) || (staff.has(fileName) && !fans.has(fileName))) gateFiles.add(fileName);
      else if (/\.(js|css)$/.test(fileName) && !fans.has(fileName)) officeFiles.add(fileName);
    }
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

/** French sets a space before its high marks, and a line never begins with one: words are written with a plain space, and bound here. */
const frenchMarks: Plugin = {
  name: "french-marks",
  enforce: "pre",
  transform(code, id) {
    if (!/\/i18n\/fr\/[^/]+\.ts$/.test(id)) return null;
    let bound = code;
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
        const words = code.slice(node.pos, node.end).replace(/ (?=[:;!?»%])|(?<=«) /g, "\u00a0");
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
  plugins: [
    frenchMarks,
    svelte(),
    staffApart,
    forTheServer,
    captionsByPolicy,
    fieldsForSafari,
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
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
              .filter((file) => !officeFiles.has(file.url))
              .map((file) => (gateFiles.has(file.url) ? { ...file, url: `gate:${file.url}` } : file)),
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
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "core", test: (id) => CORE.test(id) && !LATER.test(id) }] } } },
  },
  worker: { format: "es", plugins: () => [fieldsForSafari] },
  server: { proxy: { "/api": "http://localhost:8000" } },
  test: { include: ["src/**/*.test.ts"] },
});
