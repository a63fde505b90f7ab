/** The addresses of all screens, read from the tables of the app, for the server: it answers 404 to any other. */
import { readFileSync } from "node:fs";

const TABLES = ["src/routes.ts", "src/office/entry.ts"];

/** Patterns as the tables write them (`/events/:id`), without those that end in `*`. */
export function addresses(): string[] {
  const sources = TABLES.map((table) => readFileSync(new URL(table, import.meta.url), "utf8"));
  return sources.flatMap((source) => [...source.matchAll(/pattern: "([^"*]+)"/g)].map(([, pattern]) => pattern!));
}
