/** Load all words of the control room: they are needed together, and also without network. */
import { i18n, type Locale } from "../../../shared/i18n/i18n.svelte";
import { words as helpWords } from "../help/words.svelte";
import { words as teamWords } from "../stewards/words.svelte";
import { words as alertWords } from "./alerts/words.svelte";
import { words as clearingWords } from "./clearing/words.svelte";
import { words as forecastWords } from "./forecast/words.svelte";
import { load as loadInstructions, words as instructionWords } from "./instructions/words.svelte";
import { words as pictureWords } from "./picture/words.svelte";
import { load as loadProcedures, words as procedureWords } from "./procedures/words.svelte";
import { words as speakWords } from "./speak/words.svelte";
import { words } from "./words.svelte";

export async function loadWords(locale: Locale): Promise<void> {
  const tables = [words, helpWords, speakWords, teamWords, pictureWords, procedureWords, alertWords, clearingWords, forecastWords, instructionWords];
  await Promise.all([...tables.map((table) => table.use(locale)), loadProcedures(i18n.languages), loadInstructions(i18n.languages)]);
}
