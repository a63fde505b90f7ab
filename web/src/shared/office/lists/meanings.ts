/** What the words of lists mean, in the words of every installed language: a list may come from anywhere. */
import type { listWords } from "$messages/en/web/listWords";
import { plain } from "./plain";

type ListWords = typeof listWords;
const LANGUAGES = Object.values(import.meta.glob<ListWords>("$messages/*/web/listWords.ts", { eager: true, import: "listWords" }));

/** The meaning of each word of a table, by the word as `plain` compares it. */
export function meanings<Key extends string>(table: (words: ListWords) => Record<Key, string[]>): ReadonlyMap<string, Key> {
  const entries = LANGUAGES.flatMap((words) => Object.entries(table(words)) as [Key, string[]][]);
  return new Map(entries.flatMap(([key, words]) => words.map((word) => [plain(word), key])));
}
