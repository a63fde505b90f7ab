/** Load all words of the control room: they are needed together, and also without network. */
import type { Locale } from "../../../shared/i18n/i18n.svelte";
import { words as teamWords } from "../stewards/words.svelte";
import { words as pictureWords } from "./picture/words.svelte";
import { words as speakWords } from "./speak/words.svelte";
import { words } from "./words.svelte";

export async function loadWords(locale: Locale): Promise<void> {
  await Promise.all([words, speakWords, teamWords, pictureWords].map((table) => table.use(locale)));
}
