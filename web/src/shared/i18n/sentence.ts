import { i18n } from "./i18n.svelte";

/** A text with the capital that begins a sentence, in the language of the screen. */
export const sentence = (text: string): string => text.charAt(0).toLocaleUpperCase(i18n.tag) + text.slice(1);
