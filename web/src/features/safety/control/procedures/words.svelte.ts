/** Texts of the emergency procedures, and the prepared messages to the staff of every installed language. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/procedures";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/procedures.ts", { import: "procedures" }));

/** The words by language: a message to the staff goes out in all of them at once. Loaded with the screen, for use without network. */
export const wordsOf: Record<string, Words> = {};

export async function load(languages: readonly string[]): Promise<void> {
  Object.assign(wordsOf, await words.every(languages));
}
