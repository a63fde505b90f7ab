import { expect, test } from "vitest";
import type { listWords } from "$messages/en/web/listWords";
import { meanings } from "./meanings";
import { plain } from "./plain";

type ListWords = typeof listWords;
const LANGUAGES = Object.values(import.meta.glob<ListWords>("$messages/*/web/listWords.ts", { eager: true, import: "listWords" }));

test.each<[string, (words: ListWords) => Record<string, string[]>]>([
  ["a column", ({ columns, marks }) => ({ ...columns, ...marks })],
  ["a mark", ({ marks }) => marks],
  ["a position", ({ positions }) => positions],
  ["a kind", ({ kinds }) => kinds],
])("no word of %s has another meaning in another language", (_, table) => {
  const known = meanings(table);
  for (const words of LANGUAGES)
    for (const [key, synonyms] of Object.entries(table(words))) for (const word of synonyms) expect(`${word}: ${known.get(plain(word))}`).toBe(`${word}: ${key}`);
});
