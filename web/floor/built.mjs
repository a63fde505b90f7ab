/** Fail where the built app has style or syntax above the floor: what the build could not write in an older way. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "acorn";
import * as csstree from "css-tree";
import { feature, lacking } from "./support.mjs";

/** Style that some browsers of the floor lack, and what they show without it. */
const OPTIONAL = {
  "@container": "a part of a page has its narrow form",
  "@media (forced-colors)": "a browser without forced colours has none to answer to",
  "@page": "paper has the printer's own size and margins",
  size: "paper has the printer's own size and margins",
  "align-content: start": "rows of a grid share the height that is left",
  "align-content: end": "rows of a grid share the height that is left",
  container: "a part of a page has its narrow form",
  "container-type": "a part of a page has its narrow form",
  cursor: "a touch screen has no pointer",
  "font-family: ui-monospace": "the next font of the list is used",
  "place-self: start": "a part fills its cell",
  "place-self: end": "a part fills its cell",
  resize: "a text field keeps its height and scrolls",
  "scrollbar-width": "a scroll bar has its usual width",
  "text-wrap": "lines of a title break at other words",
};

const FILES_MIN = 150; // a listing that finds fewer is broken
const root = join(import.meta.dirname, "../../src/virage/web");
const files = readdirSync(root, { recursive: true }).filter((name) => /\.(css|js)$/.test(name));
const faults = new Set();

function look(file, name, ...paths) {
  if (Object.hasOwn(OPTIONAL, name) || Object.hasOwn(OPTIONAL, name.split(":")[0])) return;
  const entry = paths.map((path) => feature("css", ...path)).find((found) => found?.__compat);
  const without = lacking(entry);
  if (without.length) faults.add(`${file}: ${name}: not in ${without.join(", ")}`);
}

const typeGroups = ["color", "gradient", "image", "transform-function", "basic-shape", "easing-function", "filter-function"];
const VIEWPORT = { d: "dynamic", s: "small", l: "large" };

function unitPath(unit) {
  const [, size] = /^([dsl])v(?:[hwib]|min|max)$/.exec(unit) ?? [];
  if (size) return ["types", "length", `viewport_percentage_units_${VIEWPORT[size]}`];
  return ["types", "length", unit.startsWith("cq") ? "container_query_length_units" : unit];
}

function declaration(file, node) {
  const { property } = node;
  if (property.startsWith("-")) return;
  look(file, property, ["properties", property]);
  if (node.value.type !== "Value") return;
  csstree.walk(node.value, ({ type, name, unit }) => {
    if (type === "Identifier") look(file, `${property}: ${name}`, ["properties", property, name]);
    if (type === "Function") look(file, `${name}()`, ["types", name], ...typeGroups.map((group) => ["types", group, name]), ["properties", property, name]);
    if (type === "Dimension") look(file, unit, unitPath(unit.toLowerCase()));
  });
}

const plain = (property) => property.replace(/^-(webkit|moz)-/, "");

/** Declarations for newer browsers: an older form of the same property stands above them in the rule. */
function withFallback(block) {
  const seen = new Set();
  return new Set(block.children.filter(({ type, property }) => type === "Declaration" && (seen.has(plain(property)) || !seen.add(plain(property)))));
}

function style(file, text) {
  let newer = new Set();
  csstree.walk(csstree.parse(text, { parseCustomProperty: true }), {
    enter(node) {
      if (node.type === "Atrule" && node.name === "supports") return this.skip;
      if (node.type === "Block") newer = withFallback(node);
      if (node.type === "Atrule") look(file, `@${node.name}`, ["at-rules", node.name]);
      if (node.type === "Feature") look(file, `@media (${node.name})`, ["at-rules", "media", node.name]);
      if (node.type === "FeatureRange" && node.kind === "media") look(file, "media range", ["at-rules", "media", "range_syntax"]);
      if (node.type === "NestingSelector") look(file, "&", ["selectors", "nesting"]);
      if (/^Pseudo(Class|Element)Selector$/.test(node.type) && !node.name.startsWith("-")) look(file, `:${node.name}`, ["selectors", node.name]);
      if (node.type !== "Declaration") return undefined;
      if (!newer.has(node)) declaration(file, node);
      return this.skip;
    },
  });
}

function* nodesOf(tree) {
  if (!tree || typeof tree !== "object") return;
  if (typeof tree.type === "string") yield tree;
  for (const part of Object.values(tree)) yield* nodesOf(part);
}

/** WebKit bug 236843, which `fieldsForSafari` of the build avoids by a function around the whole value. */
function isLost(value) {
  const isWrapped = value?.type === "CallExpression" && value.callee.type === "ArrowFunctionExpression";
  return !isWrapped && [...nodesOf(value)].some(({ type }) => type === "ArrowFunctionExpression");
}

function script(file, text) {
  const tree = parse(text, { ecmaVersion: 2022, sourceType: "module" });
  for (const { type, regex, value } of nodesOf(tree)) {
    if (type === "PropertyDefinition" && isLost(value)) faults.add(`${file}: an arrow function of a field that Safari 15 runs without its variables`);
    if (type === "StaticBlock") faults.add(`${file}: a static block`);
    if (regex && /\(\?<[=!]/.test(regex.pattern)) faults.add(`${file}: a lookbehind: /${regex.pattern}/`);
  }
}

for (const file of files) {
  const text = readFileSync(join(root, file), "utf8");
  try {
    (file.endsWith(".css") ? style : script)(file, text);
  } catch (failure) {
    faults.add(`${file}: ${failure.message}`);
  }
}
if (files.length < FILES_MIN) faults.add(`only ${files.length} built files were read, at least ${FILES_MIN} are there`);
console.log(faults.size ? [...faults].join("\n") : `the built app runs in the oldest browsers (${files.length} files)`);
process.exitCode = faults.size ? 1 : 0;
