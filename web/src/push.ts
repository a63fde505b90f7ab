/// <reference lib="webworker" />
/** What the server tells a phone whose page is closed: shown as it is said, and opened where it leads. */
interface Told {
  title: string;
  body: string;
  /** A path of this app. */
  url: string;
  /** What a later word about the same thing replaces. */
  tag: string;
}

/** Browsers ask that each message is shown; one that nobody understands leads to the app. */
function read(data: PushMessageData | null): Told {
  let said: Partial<Told> = {};
  try {
    said = (data?.json() ?? {}) as Partial<Told>;
  } catch {
    said = { body: data?.text() ?? "" };
  }
  const url = typeof said.url === "string" && said.url.startsWith("/") && !said.url.startsWith("//") ? said.url : "/";
  return { title: said.title ?? "", body: said.body ?? "", url, tag: said.tag ?? url };
}

export async function showTold(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const { title, body, url, tag } = read(data);
  await worker.registration.showNotification(title || worker.location.host, { body, tag, icon: "/icon.svg", badge: "/icon.svg", data: url });
}

/** To the window that shows it already, else to any of this app, else to a new one. */
export async function openTold(worker: ServiceWorkerGlobalScope, notification: Notification): Promise<void> {
  notification.close();
  const url = new URL(String(notification.data ?? "/"), worker.location.origin);
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => new URL(one.url).pathname === url.pathname);
  const any = there ?? windows.find((one) => !new URL(one.url).pathname.startsWith("/staff/"));
  if (!any) return void (await worker.clients.openWindow(url));
  const shown = await any.focus();
  if (!there) await shown.navigate(url).catch(() => worker.clients.openWindow(url));
}
