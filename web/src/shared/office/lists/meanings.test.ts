import { expect, test } from "vitest";
import type { listWords } from "$messages/en/web/listWords";
import { meanings } from "./meanings";
import { plain } from "./plain";

type ListWords = typeof listWords;
const LANGUAGES = Object.values(import.meta.glob<ListWords>("$messages/*/web/listWords.ts", { eager: true, import: "listWords" }));
const TABLES: ((words: ListWords) => Record<string, string[]>)[] = [
  ({ columns, marks }) => ({ ...columns, ...marks }),
  ({ marks }) => marks,
  ({ positions }) => positions,
  ({ kinds }) => kinds,
];

test("no word has another meaning in another language", () => {
  for (const table of TABLES) {
    const known = meanings(table);
    const entries = LANGUAGES.flatMap((words) => Object.entries(table(words)));
    for (const [key, synonyms] of entries) for (const word of synonyms) expect([word, known.get(plain(word))]).toEqual([word, key]);
  }
});
