// The words of the screens as JSON, {locale: {file: words}}: what checks/refusals.py reads. A word that takes arguments is "…".

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const MESSAGES = join(import.meta.dirname, "../src/virage/messages");

async function wordsOf(locale) {
  const from = join(MESSAGES, locale, "web");
  const files = readdirSync(from).filter((name) => name.endsWith(".ts") && name !== "index.ts");
  const to = mkdtempSync(join(tmpdir(), "words-"));
  try {
    const build = await rolldown({ input: files.map((name) => join(from, name)), resolve: { alias: { $web: join(import.meta.dirname, "src") } } });
    await build.write({ dir: to, entryFileNames: "[name].mjs", chunkFileNames: "chunks/[name].mjs" });
    await build.close();
    const read = async (name) => Object.assign({}, ...Object.values(await import(pathToFileURL(join(to, name)).href)));
    const built = readdirSync(to).filter((name) => name.endsWith(".mjs"));
    return Object.fromEntries(await Promise.all(built.map(async (name) => [name.replace(".mjs", ""), await read(name)])));
  } finally {
    rmSync(to, { recursive: true });
  }
}

const languages = readdirSync(MESSAGES);
const words = Object.fromEntries(await Promise.all(languages.map(async (tag) => [tag, await wordsOf(tag)])));
console.log(JSON.stringify(words, (_, value) => (typeof value === "function" ? "…" : value)));
