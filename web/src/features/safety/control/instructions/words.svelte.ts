/** Texts of evacuation instructions, and those that are sent, of every installed language. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import { byTag } from "../../../../shared/i18n/i18n.svelte";
import type { Words } from "$messages/en/web/instructions";

const files = import.meta.glob<Words>("$messages/*/web/instructions.ts", { import: "instructions" });
export const words = new Bundle(files);
/** The texts of messages by language. They are loaded with the desk: an evacuation must not wait for a file. */
export const messages: Record<string, Words["message"]> = {};

export async function load(languages: readonly string[]): Promise<void> {
  const loaders = byTag(files);
  await Promise.all(languages.map(async (language) => (messages[language] = (await loaders[language]!()).message)));
}
