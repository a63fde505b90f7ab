/// <reference lib="webworker" />
/**
 * The app without network: its shell is kept whole, one version at a time, and the venue's geometry for ever.
 * Tickets, events and keys are not here: the app keeps them itself, in IndexedDB. Nor is the office: its files come
 * when it is opened and stay in the browser's own cache, and its page is asked of the server first, so that it never
 * wants a file of a version that is gone.
 *
 * Gate and till are the staff's, too, but must open without network: a device that has opened one of them keeps the
 * files of both, in a cache of their own, and a new version is put in place only with their new files.
 */
import { openTold, showTold } from "./push";

/** What a worker may say of requests that are not its own (static routing; not every browser has it). */
interface Routed {
  addRoutes(rule: { condition: { urlPattern: { pathname: string } }; source: "network" }): Promise<void>;
}
declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

const GATE_MARK = "gate:";
const all = self.__WB_MANIFEST;
const files = all.filter((file) => !file.url.startsWith(GATE_MARK));
const gateFiles = all.filter((file) => file.url.startsWith(GATE_MARK));
const SHELL = `shell-${mark(files)}`;
const GATE = `gate-${mark(gateFiles)}`;
const VENUE = "ground-1";
const KNOWN = new Set(files.map((file) => `/${file.url}`));
const KNOWN_AT_GATES = new Set(gateFiles.map((file) => `/${file.url.slice(GATE_MARK.length)}`));
const GEOMETRY = /^\/api\/venue\/[^/]+\/(geometry|labels\/.+)$/;
const OFFICE = /^\/office(\/|$)/;
const POST = /^\/staff(\/|$)/;
const APART = /^\/((api|mailbox|cards|healthz|readyz|metrics)(\/|$)|pay\/)/;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
  // Replays go past this worker, which need not be woken for them: it would delay each answer before the first picture.
  void (event as ExtendableEvent & Partial<Routed>).addRoutes?.({ condition: { urlPattern: { pathname: "/api/replay/*" } }, source: "network" });
});
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
  if (event.data === "keep the gate") event.waitUntil(keepGate());
});
self.addEventListener("push", (event) => event.waitUntil(showTold(self, event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(openTold(self, event.notification)));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && OFFICE.test(url.pathname)) event.respondWith(served(event.request));
  else if (event.request.mode === "navigate" && POST.test(url.pathname)) event.respondWith(atPost(event.request));
  else if (event.request.mode === "navigate" && !APART.test(url.pathname)) event.respondWith(shell("/index.html", event.request));
  else if (KNOWN.has(url.pathname)) event.respondWith(shell(url.pathname, event.request));
  else if (KNOWN_AT_GATES.has(url.pathname)) event.respondWith(kept(GATE, url.pathname, event.request));
  else if (GEOMETRY.test(url.pathname)) event.respondWith(forEver(event.request));
});

function mark(known: readonly { url: string; revision: string | null }[]): number {
  const version = known.map((file) => file.revision ?? file.url).join("|");
  return [...version].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7) >>> 0;
}

async function install(): Promise<void> {
  await fill(SHELL, KNOWN);
  if ((await caches.keys()).some((name) => name.startsWith("gate-"))) await fill(GATE, KNOWN_AT_GATES);
}

async function fill(name: string, paths: Iterable<string>): Promise<void> {
  const cache = await caches.open(name);
  await cache.addAll([...paths].map((path) => new Request(path, { cache: path.startsWith("/assets/") ? "default" : "reload" })));
}

/** Whether a cache was filled to its end: its files come in all at once, but it is there, empty, before them. */
async function filled(name: string): Promise<boolean> {
  return (await caches.has(name)) && (await (await caches.open(name)).keys()).length > 0;
}

/** This device is one of a gate or a till: keep what they need, once. */
async function keepGate(): Promise<void> {
  if (!(await filled(GATE))) await fill(GATE, KNOWN_AT_GATES).catch(() => caches.delete(GATE));
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => ![SHELL, GATE, VENUE].includes(name)).map((name) => caches.delete(name)));
  await self.clients.claim();
}

function shell(path: string, request: Request): Promise<Response> {
  return kept(SHELL, path, request);
}

async function kept(name: string, path: string, request: Request): Promise<Response> {
  return (await caches.match(path, { cacheName: name })) ?? fetch(request);
}

/** A device of a gate or a till opens from what it keeps; any other browser asks first, as for the office. */
async function atPost(request: Request): Promise<Response> {
  return (await filled(GATE)) ? shell("/index.html", request) : served(request);
}

async function served(request: Request): Promise<Response> {
  const answer = await fetch(request).catch(() => null);
  return answer?.ok || answer?.status === 404 ? answer : shell("/index.html", request);
}

async function forEver(request: Request): Promise<Response> {
  const cache = await caches.open(VENUE);
  // Earlier versions of the app cached the same documents under /api/ground.
  const kept = (await cache.match(request)) ?? (await cache.match(request.url.replace("/api/venue/", "/api/ground/")));
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}
