/** Texts of evacuation instructions, and those that are sent, of every installed language. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/instructions";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/instructions.ts", { import: "instructions" }));
/** The texts of messages by language. They are loaded with the desk: an evacuation must not wait for a file. */
export const messages: Record<string, Words["message"]> = {};

export async function load(languages: readonly string[]): Promise<void> {
  for (const [language, { message }] of Object.entries(await words.every(languages))) messages[language] = message;
}
