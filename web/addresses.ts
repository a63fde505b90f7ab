/** The addresses of all screens by app, read from the apps' tables, for the server: it answers 404 to any other. */
import { readFileSync } from "node:fs";
import { APPS, previousPatterns, type App } from "./src/apps/table.ts";

/** An app's prefix, its page, and the patterns of its addresses as its table writes them (`/events/:id`); `previous` are those of
 * earlier versions, for which the app shows the current address. */
export interface Addresses extends Pick<App, "prefix" | "page"> {
  addresses: string[];
  previous: string[];
}

export function addresses(): Addresses[] {
  return Object.entries(APPS).map(([name, { prefix, page }]) => {
    const source = readFileSync(new URL(`src/apps/${name}/routes.ts`, import.meta.url), "utf8");
    const patterns = [...source.matchAll(/pattern: "([^"]+)"/g)].map(([, pattern]) => pattern!);
    return { prefix, page, addresses: patterns, previous: patterns.flatMap(previousPatterns) };
  });
}
