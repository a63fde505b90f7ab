/** Passing on the link of a clip: by the phone's own way, or as text to paste. */
import { toasts } from "../../shared/runtime/toasts.svelte";
import { pageOf } from "./addresses";

export async function share(clip: string, title: string, copied: string): Promise<void> {
  const url = new URL(pageOf(clip), location.origin).href;
  if (navigator.share) {
    await navigator.share({ title, url }).catch(() => undefined); // whoever thinks better of it has not failed
    return;
  }
  await navigator.clipboard.writeText(url);
  toasts.say(copied, "good");
}
