/** Sharing the link of a clip: with the share sheet of the phone, or by the clipboard. */
import { toasts } from "../../shared/runtime/toasts.svelte";
import { pageOf } from "./addresses";

export async function share(clip: string, title: string, copied: string): Promise<void> {
  const url = new URL(pageOf(clip), location.origin).href;
  if (navigator.share) {
    await navigator.share({ title, url }).catch(() => undefined); // cancelling is not an error
    return;
  }
  await navigator.clipboard.writeText(url);
  toasts.say(copied, "good");
}
