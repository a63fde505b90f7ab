// A function of the web has at most 70 lines, too: TypeScript files, and the scripts of Svelte components.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const LINES_MAX = 70;
const FILES_MIN = 600; // a listing that finds fewer is broken
const root = join(import.meta.dirname, "src");
const files = readdirSync(root, { recursive: true }).filter((name) => /\.(ts|svelte)$/.test(name));

/** The script of a file; a component's markup is blanked, so that lines keep their numbers. */
function script(name) {
  const text = readFileSync(join(root, name), "utf8");
  if (!name.endsWith(".svelte")) return text;
  const [, before = "", body = ""] = text.match(/^([\s\S]*?<script[^>]*>)([\s\S]*?)<\/script>/) ?? [];
  return before.replace(/[^\n]/g, "") + body;
}

function longFunctions(name) {
  const source = ts.createSourceFile(name, script(name), ts.ScriptTarget.Latest, true);
  const line = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body) {
      const lines = line(node.end) - line(node.getStart(source)) + 1;
      if (lines > LINES_MAX) found.push(`web/src/${name}:${line(node.getStart(source))}: ${lines} lines, at most ${LINES_MAX}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const faults = files.flatMap(longFunctions);
if (files.length < FILES_MIN) faults.push(`only ${files.length} files were read, at least ${FILES_MIN} are there`);
console.log(faults.length ? faults.join("\n") : `tidy: ${files.length} files`);
process.exitCode = faults.length ? 1 : 0;
