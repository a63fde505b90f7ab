/** Texts with which the control room sends messages, and the prepared messages of every installed language. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import { byTag } from "../../../../shared/i18n/i18n.svelte";
import type { Words } from "$messages/en/web/composer";

export type TemplateName = keyof Words["templates"];

const files = import.meta.glob<Words>("$messages/*/web/composer.ts", { import: "composer" });
export const words = new Bundle(files);

/** The prepared messages by language: a message goes out in all of them at once. */
export async function templatesOf(languages: readonly string[]): Promise<Record<string, Words["templates"]>> {
  const loaders = byTag(files);
  return Object.fromEntries(await Promise.all(languages.map(async (language) => [language, (await loaders[language]!()).templates] as const)));
}
