/// <reference lib="webworker" />
/**
 * The apps without network (`apps/table.ts`). Phones cache all files of the fans' app in the deployment's languages, one
 * version at a time, and the venue's geometry for ever. A device that has opened a gate or a till also caches the files
 * of the staff's app, and a new version is put in place only with both. The office's page is asked of the server, so that
 * it never wants a file of a version that is gone; its files stay in the browser's own cache.
 *
 * Tickets, events and keys are not here: the apps keep them in IndexedDB.
 */
import { APPS, appOf, type App } from "../apps/table";
import { openMessage, showMessage } from "./push";

/** Static routing: requests that the worker never handles; not every browser has it. */
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
const MESSAGES = /^\/assets\/messages\/([^/]+)\//;
const GEOMETRY = /^\/api\/venue\/[^/]+\/(geometry|labels\/.+)$/;
const APART = /^\/((api|mailbox|cards|healthz|readyz|metrics)(\/|$)|pay\/)/;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
  // Replays bypass this worker: starting it would delay the first picture.
  void (event as ExtendableEvent & Partial<Routed>).addRoutes?.({ condition: { urlPattern: { pathname: "/api/replay/*" } }, source: "network" });
});
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
  if (event.data === "control this page") event.waitUntil(self.clients.claim());
  if (event.data === "keep the gate") event.waitUntil(keepGate());
});
self.addEventListener("push", (event) => event.waitUntil(showMessage(self, event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(openMessage(self, event.notification)));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && !APART.test(url.pathname)) event.respondWith(page(appOf(url.pathname), event.request));
  else if (KNOWN.has(url.pathname)) event.respondWith(shell(url.pathname, event.request));
  else if (KNOWN_AT_GATES.has(url.pathname)) event.respondWith(fromCache(GATE, url.pathname, event.request));
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
  const [cache, languages] = await Promise.all([caches.open(name), offered()]);
  const wanted = [...paths].filter((path) => {
    const tag = MESSAGES.exec(path)?.[1];
    return !tag || !languages || languages.includes(tag);
  });
  await cache.addAll(wanted.map((path) => new Request(path, { cache: path.startsWith("/assets/") ? "default" : "reload" })));
}

/** Languages of the deployment: messages of others are not cached. Null if the server does not say, which caches all. */
async function offered(): Promise<string[] | null> {
  const answer = await fetch("/api/club").catch(() => null);
  return answer?.ok ? ((await answer.json()) as { languages: string[] }).languages : null;
}

/** Whether a cache is complete: its files are added atomically, but it exists empty before. */
async function filled(name: string): Promise<boolean> {
  return (await caches.has(name)) && (await (await caches.open(name)).keys()).length > 0;
}

/** Cache the files of gates and tills, once. */
async function keepGate(): Promise<void> {
  if (!(await filled(GATE))) await fill(GATE, KNOWN_AT_GATES).catch(() => caches.delete(GATE));
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => ![SHELL, GATE, VENUE].includes(name)).map((name) => caches.delete(name)));
  await self.clients.claim();
}

function shell(path: string, request: Request): Promise<Response> {
  return fromCache(SHELL, path, request);
}

async function fromCache(name: string, path: string, request: Request): Promise<Response> {
  return (await caches.match(path, { cacheName: name })) ?? fetch(request);
}

/** An app's page from its cache; an app without a cache is fetched from the server. */
async function page(app: App, request: Request): Promise<Response> {
  if (app.files === "phone") return shell(app.page, request);
  if (app.files === "device" && (await filled(GATE))) return fromCache(GATE, app.page, request);
  const answer = await fetch(request).catch(() => null);
  // Offline, the fans' page says so for an address of another app.
  return answer?.ok || answer?.status === 404 ? answer : shell(APPS.fan.page, request);
}

async function forEver(request: Request): Promise<Response> {
  const cache = await caches.open(VENUE);
  // Earlier versions of the app cached the same documents under /api/ground.
  const cached = (await cache.match(request)) ?? (await cache.match(request.url.replace("/api/venue/", "/api/ground/")));
  if (cached) return cached;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}
