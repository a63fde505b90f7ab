/// <reference lib="webworker" />
/** Push messages: show a message, and open its path. */
interface PushMessage {
  kind: string;
  title: string;
  body: string;
  order: string;
  event: string;
  /** Messages with one tag are about one thing: the highest revision is shown, in any order of arrival. */
  tag: string;
  revision: number;
  /** Notify again although the tag is shown, for instance for a disallowed goal. */
  loud: boolean;
}
interface Shown {
  path: string;
  revision: number;
}

/** Browsers require that each message is shown, even one that this version does not understand. */
function read(data: PushMessageData | null): Partial<PushMessage> {
  try {
    return (data?.json() ?? {}) as Partial<PushMessage>;
  } catch {
    return {};
  }
}

/** Path that explains a message; a later message about the same thing replaces it. */
function pathOf({ kind, order, event }: Partial<PushMessage>): string {
  if (kind === "food_ready" && order) return `/food/orders/${encodeURIComponent(order)}`;
  if (kind === "help" && event) return `/help/${encodeURIComponent(event)}`;
  return (kind === "live" || kind === "broadcast") && event ? `/live/${encodeURIComponent(event)}` : "/";
}

export async function showMessage(worker: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const { registration, location } = worker;
  const message = read(data);
  const shown: Shown = { path: pathOf(message), revision: message.revision ?? 0 };
  const tag = message.tag ?? shown.path;
  const [existing] = await registration.getNotifications({ tag });
  const known = (existing?.data as Partial<Shown> | null)?.revision ?? 0;
  const later = known > shown.revision ? existing : undefined;
  // A message that is delivered twice does not ring twice.
  const repeated = known > 0 && known === shown.revision;
  const options = later
    ? { body: later.body, data: later.data as Shown }
    : { body: message.body ?? "", data: shown, renotify: (message.loud ?? false) && !repeated };
  await registration.showNotification(later?.title ?? message.title ?? location.host, { tag, icon: "/icon.svg", badge: "/icon.svg", ...options });
}

/** Focus a window with this path, else any window of this app, else open one. */
export async function openMessage(worker: ServiceWorkerGlobalScope, notification: Notification): Promise<void> {
  notification.close();
  const url = new URL((notification.data as Partial<Shown> | null)?.path ?? "/", worker.location.origin);
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((client) => new URL(client.url).pathname === url.pathname);
  const any = there ?? windows.find((client) => !new URL(client.url).pathname.startsWith("/staff/"));
  if (!any) return void (await worker.clients.openWindow(url));
  const shown = await any.focus();
  if (!there) await shown.navigate(url).catch(() => worker.clients.openWindow(url));
}
