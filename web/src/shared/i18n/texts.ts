/** Localised texts of forms. */
import { i18n, type Locale } from "./i18n.svelte";

export type Text = Record<Locale, string>;

/** A text without surrounding spaces and empty languages. */
export const tidied = (text: Text): Text =>
  Object.fromEntries(Object.entries(text).map(([tag, part]) => [tag, part.trim()]).filter(([, part]) => part));

/** The languages of the deployment in which a text is missing. */
export const missingIn = (text: Text): Locale[] => i18n.languages.filter((tag) => !text[tag]?.trim());

/** Whether an optional text is written in some languages and missing in others. */
export const isPartial = (text: Text): boolean => Object.keys(tidied(text)).length > 0 && missingIn(text).length > 0;
