/** The members' windows on the page of an event, with their texts loaded in advance. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<(typeof import("./EarlySale.svelte"))["default"]> {
  const [part] = await Promise.all([import("./EarlySale.svelte"), words.use(i18n.locale)]);
  return part.default;
}
