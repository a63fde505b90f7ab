/** Entry point of the messages to fans: loads their texts first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<typeof import("./FanBroadcasts.svelte")> {
  const [page] = await Promise.all([import("./FanBroadcasts.svelte"), words.use(i18n.locale)]);
  return page;
}
