/// <reference lib="webworker" />
/** What the server tells a phone whose page is closed: shown as it is said, and opened where it leads. */
interface Told {
  kind: string;
  title: string;
  body: string;
  order: string;
  event: string;
  /** Messages of one tag are about one thing: the one with the highest revision stands, whichever comes last. */
  tag: string;
  revision: number;
  /** It is heard again although its tag is shown: a goal that was none. */
  loud: boolean;
}
interface Shown {
  path: string;
  revision: number;
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
function pathOf({ kind, order, event }: Partial<Told>): string {
  if (kind === "food_ready" && order) return `/food/orders/${encodeURIComponent(order)}`;
  return kind === "live" && event ? `/live/${encodeURIComponent(event)}` : "/";
}

export async function showTold(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const { registration, location } = worker;
  const told = read(data);
  const shown: Shown = { path: pathOf(told), revision: told.revision ?? 0 };
  const tag = told.tag ?? shown.path;
  const later = (await registration.getNotifications({ tag })).find((one) => ((one.data as Partial<Shown> | null)?.revision ?? 0) > shown.revision);
  const options = later
    ? { body: later.body, data: later.data as Shown }
    : { body: told.body ?? "", data: shown, renotify: told.loud ?? false };
  await registration.showNotification(later?.title ?? told.title ?? location.host, { tag, icon: "/icon.svg", badge: "/icon.svg", ...options });
}

/** To the window that shows it already, else to any of this app, else to a new one. */
export async function openTold(worker: ServiceWorkerGlobalScope, notification: Notification): Promise<void> {
  notification.close();
  const url = new URL((notification.data as Partial<Shown> | null)?.path ?? "/", worker.location.origin);
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => new URL(one.url).pathname === url.pathname);
  const any = there ?? windows.find((one) => !new URL(one.url).pathname.startsWith("/staff/"));
  if (!any) return void (await worker.clients.openWindow(url));
  const shown = await any.focus();
  if (!there) await shown.navigate(url).catch(() => worker.clients.openWindow(url));
}
