/** Addresses to screens: a table of patterns, links caught at the document, one screen's code fetched at a time. */
import type { Component } from "svelte";

type Screen = Component<Record<string, string>>;
export interface Route {
  /** Segments; `:name` takes one segment, a last `*` takes the rest. */
  pattern: string;
  load: () => Promise<{ default: unknown }>;
}
export interface Place {
  route: Route;
  params: Record<string, string>;
}

export function match(routes: readonly Route[], path: string): Place | null {
  const parts = path.split("/").filter(Boolean);
  for (const route of routes) {
    const wanted = route.pattern.split("/").filter(Boolean);
    const open = wanted.at(-1) === "*";
    if (open ? parts.length < wanted.length - 1 : parts.length !== wanted.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((want, index) => {
      if (want === "*") return true;
      if (!want.startsWith(":")) return want === parts[index];
      const value = decoded(parts[index]!);
      params[want.slice(1)] = value ?? "";
      return value !== null;
    });
    if (fits) return { route, params };
  }
  return null;
}

/** A segment as it was meant; null when nobody encodes so. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

class Router {
  /** The pattern of the address that is shown. */
  pattern = $state("");
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));
  screen = $state.raw<Screen | null>(null);
  params = $state.raw<Record<string, string>>({});
  loading = $state(false);
  failed = $state(false);
  /** Counts arrivals, so that focus and scroll follow each one. */
  arrivals = $state(0);
  /** Each is asked when a link or the Back button leads away; one that returns true keeps the screen and its address. */
  readonly guards = new Set<(to: string) => boolean>();
  #routes: readonly Route[] = [];
  #owns: (path: string) => boolean = () => true;
  #turn = 0;
  /** The address whose screen is shown. */
  #shown = "";

  /** `owns` says which addresses are this app's: the browser loads those of another app. */
  start(routes: readonly Route[], owns: (path: string) => boolean): void {
    [this.#routes, this.#owns] = [routes, owns];
    // A screen may have steps of its own at one address (an open block of the map): they are no arrivals.
    addEventListener("popstate", () => {
      if (location.pathname + location.search === this.#shown) return;
      if (this.#stays(location.href)) history.pushState({}, "", this.#shown);
      else void this.#arrive();
    });
    document.addEventListener("click", (event) => this.#follow(event));
    void this.#arrive();
  }

  go(to: string, options: { replace?: boolean } = {}): void {
    if (!this.#owns(new URL(to, location.href).pathname)) return options.replace ? location.replace(to) : location.assign(to);
    if (options.replace) history.replaceState({}, "", to);
    else history.pushState({}, "", to);
    void this.#arrive();
  }

  /** The screen's code did not come: a whole load also finds it after a new version was put in place. */
  retry(): void {
    location.reload();
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/api/") || link.dataset.outside !== undefined) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (link.href === location.href || this.#stays(link.href)) return event.preventDefault();
    if (!this.#owns(link.pathname)) return;
    event.preventDefault();
    this.go(link.href);
  }

  #stays(to: string): boolean {
    return [...this.guards].some((keeps) => keeps(to));
  }

  async #arrive(): Promise<void> {
    const turn = (this.#turn += 1);
    // Without network the service worker answers with this page for an app that it does not keep.
    const place = this.#owns(location.pathname) ? match(this.#routes, location.pathname) : null;
    if (!place) return void (this.failed = true);
    this.loading = true;
    this.failed = false;
    try {
      const module = await place.route.load();
      if (turn !== this.#turn) return;
      this.pattern = place.route.pattern;
      this.path = location.pathname;
      this.#shown = location.pathname + location.search;
      this.query = new URLSearchParams(location.search);
      this.params = place.params;
      this.screen = module.default as Screen;
      this.arrivals += 1;
    } catch {
      if (turn === this.#turn) this.failed = true;
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}

export const router = new Router();
