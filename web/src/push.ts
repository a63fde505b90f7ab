/// <reference lib="webworker" />
/** What the server tells a phone whose page is closed: shown as it is said, and opened where it leads. */
interface Told {
  kind: string;
  title: string;
  body: string;
  order: string;
}

/** Browsers ask that each message is shown, one that this version does not understand, too. */
function read(data: PushMessageData | null): Partial<Told> {
  try {
    return (data?.json() ?? {}) as Partial<Told>;
  } catch {
    return {};
  }
}

/** The path at which a message is explained; a later one about the same thing takes its place. */
const pathOf = ({ kind, order }: Partial<Told>): string => (kind === "food_ready" && order ? `/food/orders/${encodeURIComponent(order)}` : "/");

export async function showTold(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const told = read(data);
  const path = pathOf(told);
  await worker.registration.showNotification(told.title ?? worker.location.host, { body: told.body ?? "", tag: path, icon: "/icon.svg", badge: "/icon.svg", data: path });
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
