/// <reference lib="webworker" />
/**
 * The app without network: its shell is kept whole, one version at a time, and the ground's geometry for ever.
 * Tickets, events and keys are not here: the app keeps them itself, in IndexedDB. Nor is the office: its files come
 * when it is opened and stay in the browser's own cache, and its page is asked of the server first, so that it never
 * wants a file of a version that is gone.
 */
export {};
declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

const files = self.__WB_MANIFEST;
const version = files.map((file) => file.revision ?? file.url).join("|");
const SHELL = `shell-${[...version].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7) >>> 0}`;
const GROUND = "ground-1";
const KNOWN = new Set(files.map((file) => `/${file.url}`));
const GEOMETRY = /^\/api\/ground\/[^/]+\/(geometry|labels\/.+)$/;
const OFFICE = /^\/office(\/|$)/;
const APART = /^\/(api|pay|mailbox|healthz|readyz|metrics)(\/|$)/;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && OFFICE.test(url.pathname)) event.respondWith(served(event.request));
  else if (event.request.mode === "navigate" && !APART.test(url.pathname)) event.respondWith(shell("/index.html", event.request));
  else if (KNOWN.has(url.pathname)) event.respondWith(shell(url.pathname, event.request));
  else if (GEOMETRY.test(url.pathname)) event.respondWith(forEver(event.request));
});

async function install(): Promise<void> {
  const cache = await caches.open(SHELL);
  await cache.addAll([...KNOWN].map((path) => new Request(path, { cache: path.startsWith("/assets/") ? "default" : "reload" })));
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL && name !== GROUND).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function shell(path: string, request: Request): Promise<Response> {
  return (await (await caches.open(SHELL)).match(path)) ?? fetch(request);
}

async function served(request: Request): Promise<Response> {
  const answer = await fetch(request).catch(() => null);
  return answer?.ok ? answer : shell("/index.html", request);
}

async function forEver(request: Request): Promise<Response> {
  const cache = await caches.open(GROUND);
  const kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}
