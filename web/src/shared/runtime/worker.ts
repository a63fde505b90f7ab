/** The service worker: registered when the page is quiet; a new version waits until the fan agrees to reload. */
import { i18n } from "../i18n/i18n.svelte";
import { toasts } from "./toasts.svelte";

export async function registerWorker(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  let reloading = false;
  const controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!controlled || reloading) return;
    reloading = true;
    location.reload();
  });
  const registration = await navigator.serviceWorker.register("/sw.js").catch(() => null);
  if (!registration) return;
  const offer = (worker: ServiceWorker | null): void => {
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed" && controlled) ask(worker);
    });
  };
  if (registration.waiting && controlled) ask(registration.waiting);
  registration.addEventListener("updatefound", () => offer(registration.installing));
  // A page that was loading while the worker activated, or that was reloaded past it, is not controlled: without network it
  // would load no more files.
  const { active } = await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) active?.postMessage("control this page");
}

function ask(worker: ServiceWorker): void {
  const run = (): void => worker.postMessage("take over");
  toasts.say(i18n.m.common.newVersion, "plain", { label: i18n.m.common.reload, run });
}
