/** Push messages to a phone whose page is closed; permission is requested only on demand. */
import { answered } from "../api/answer";
import { api } from "../api/client";
import { newId } from "./ids";
import { storage } from "./storage";

export type Leave = "ask" | "granted" | "denied" | "none";
type Stored = { owner: string; id: string; endpoint: string };
const KEY = "push";

/** Whether this browser may receive push messages, as far as known without asking. */
export function leave(): Leave {
  const permission = globalThis.Notification?.permission;
  if (!permission || !("serviceWorker" in navigator) || !("PushManager" in window)) return "none";
  return permission === "default" ? "ask" : permission;
}

/** Ask for permission and register the subscription; false if it is refused or unavailable. */
export async function subscribe(owner: string): Promise<boolean> {
  if (leave() === "none" || (await globalThis.Notification?.requestPermission()) !== "granted") return false;
  try {
    const registration = await navigator.serviceWorker.ready;
    const key = await answered<{ key: string }>(api.GET("/api/push/key"));
    if (!key.ok) return false;
    const existing = await registration.pushManager.getSubscription();
    const subscription = existing ?? (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key.data.key }));
    return await register(owner, subscription);
  } catch {
    return false; // the push service is unreachable, or the browser has none
  }
}

async function register(owner: string, subscription: PushSubscription): Promise<boolean> {
  const { endpoint, keys } = subscription.toJSON();
  if (!endpoint || !keys?.p256dh || !keys.auth) return false;
  const stored = storage.read<Stored>(KEY);
  const id = stored?.owner === owner && stored.endpoint === endpoint ? stored.id : newId();
  const params = { path: { subscription_id: id } };
  const answer = await answered(api.PUT("/api/me/push-subscriptions/{subscription_id}", { params, body: { endpoint, p256dh: keys.p256dh, auth: keys.auth } }));
  if (answer.ok) storage.write(KEY, { owner, id, endpoint } satisfies Stored);
  return answer.ok;
}
