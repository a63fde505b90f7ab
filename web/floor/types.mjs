/**
 * Write TypeScript's own declarations without what the floor lacks, where `libReplacement` looks for them: a call above
 * the floor is a type error. What is optional is declared in `src/optional.d.ts`.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { feature, lacking } from "./support.mjs";

const source = join(import.meta.dirname, "../node_modules/typescript/lib");
const target = join(import.meta.dirname, "../node_modules/@typescript");
const files = readdirSync(source).filter((name) => /^lib\..+\.d\.ts$/.test(name));
const parsed = files.map((name) => ts.createSourceFile(name, readFileSync(join(source, name), "utf8"), ts.ScriptTarget.Latest, true));

/** Interfaces by the mixin that they extend: MDN lists a mixin's members under each of them. */
const heirs = new Map();
for (const file of parsed) {
  for (const node of file.statements.filter(ts.isInterfaceDeclaration)) {
    for (const { expression } of node.heritageClauses?.flatMap(({ types }) => types) ?? []) {
      heirs.set(expression.getText(), (heirs.get(expression.getText()) ?? new Set()).add(node.name.text));
    }
  }
}

/** How MDN calls the types that TypeScript calls otherwise. */
const BUILTINS = { ReadonlyArray: "Array", ReadonlyMap: "Map", ReadonlySet: "Set", IteratorObject: "Iterator" };
const TYPED_ARRAY = /^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/;

const isAbove = (entries) => entries.length > 0 && entries.every((entry) => lacking(entry).length > 0);
const listed = (...entries) => entries.filter((entry) => entry?.__compat);
/** A class above the floor keeps its members: who has one of it asked for the class first. */
const isOptional = (owner) => isAbove(listed(feature("api", owner)));

function members(owner, name, scope) {
  const builtin = (BUILTINS[owner] ?? owner.replace(/Constructor$/, "")).replace(TYPED_ARRAY, "TypedArray");
  const own = listed(feature("api", owner, name), feature("javascript", "builtins", ...scope, builtin, name));
  const inherited = own.length || feature("api", owner) ? [] : [...(heirs.get(owner) ?? [])].filter((heir) => !isOptional(heir)).flatMap((heir) => members(heir, name, scope));
  return own.length ? own : inherited.length ? inherited : listed(/^Window/.test(owner) && feature("api", name));
}

const globals = (name, scope) => listed(feature("api", name), feature("api", "Window", name), feature("javascript", "builtins", ...scope, name));

/** The name of a declaration of which there can be one alone. */
function named(node) {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0].name.getText();
  return ts.isTypeAliasDeclaration(node) ? node.name.text : undefined;
}

/** What pages declare; workers declare some of it again, and the page's declaration is the one that counts. */
const ofPages = new Set(
  parsed
    .filter(({ fileName }) => fileName === "lib.dom.d.ts")
    .flatMap(({ statements }) => statements.map(named)),
);

/** Where the declarations above the floor are in a file. */
function cuts(file) {
  const found = [];
  const drop = (node) => found.push([node.getFullStart(), node.end]);
  const visit = (node, scope) => {
    if (file.fileName === "lib.webworker.d.ts" && named(node) && ofPages.has(named(node))) return drop(node);
    if (ts.isModuleDeclaration(node)) return node.body && ts.forEachChild(node.body, (child) => visit(child, [node.name.text]));
    if (ts.isInterfaceDeclaration(node)) {
      if (isOptional(node.name.text)) return undefined;
      return node.members.filter((member) => member.name && isAbove(members(node.name.text, member.name.getText(), scope))).forEach(drop);
    }
    if (ts.isFunctionDeclaration(node) && isAbove(globals(node.name.text, scope))) return drop(node);
    const variable = ts.isVariableStatement(node) && node.declarationList.declarations[0];
    if (!variable) return undefined;
    const owner = variable.name.getText();
    if (isAbove(globals(owner, scope))) return drop(node);
    if (variable.type && ts.isTypeLiteralNode(variable.type)) {
      variable.type.members.filter(({ name }) => name && isAbove(listed(feature("api", owner, `${name.getText()}_static`)))).forEach(drop);
    }
    return undefined;
  };
  file.statements.forEach((node) => visit(node, []));
  return found;
}

rmSync(target, { recursive: true, force: true });
for (const file of parsed) {
  const [first, ...rest] = file.fileName.split(".").slice(1, -2);
  const path = join(target, `lib-${first}`, `${rest.join("-") || "index"}.d.ts`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, cuts(file).reduceRight((text, [start, end]) => text.slice(0, start) + text.slice(end), file.text));
}
