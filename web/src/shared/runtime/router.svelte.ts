/** Router: a table of patterns, links intercepted at the document, one screen's code loaded at a time. */
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
    const pattern = route.pattern.split("/").filter(Boolean);
    const open = pattern.at(-1) === "*";
    if (open ? parts.length < pattern.length - 1 : parts.length !== pattern.length) continue;
    const params: Record<string, string> = {};
    const fits = pattern.every((segment, index) => {
      if (segment === "*") return true;
      if (!segment.startsWith(":")) return segment === parts[index];
      const value = decoded(parts[index]!);
      params[segment.slice(1)] = value ?? "";
      return value !== null;
    });
    if (fits) return { route, params };
  }
  return null;
}

/** A decoded segment; null if its encoding is invalid. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

class Router {
  /** Pattern of the current route. */
  pattern = $state("");
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));
  screen = $state.raw<Screen | null>(null);
  params = $state.raw<Record<string, string>>({});
  loading = $state(false);
  failed = $state(false);
  /** Counts navigations, so that focus and scroll follow each one. */
  arrivals = $state(0);
  /** Called when a link or the Back button leads away; true keeps the screen and its address. */
  readonly guards = new Set<(to: string) => boolean>();
  #routes: readonly Route[] = [];
  #owns: (path: string) => boolean = () => true;
  #current: (path: string) => string = (path) => path;
  #latest = 0;
  /** Address of the shown screen. */
  #shown = "";

  /**
   * `owns` tells which addresses belong to this app; the browser loads those of another app. `current` returns the
   * current address of one of an earlier version.
   */
  start(routes: readonly Route[], owns: (path: string) => boolean, current: (path: string) => string): void {
    [this.#routes, this.#owns, this.#current] = [routes, owns, current];
    // A screen may have steps at one address (an open block of the map): they are not navigations.
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

  /** The screen's code failed to load: a full page load also works after a new version was deployed. */
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
    const arrival = (this.#latest += 1);
    const path = this.#current(location.pathname);
    if (path !== location.pathname) history.replaceState(history.state, "", path + location.search + location.hash);
    // Offline, the service worker answers with this page for an app that is not cached.
    const place = this.#owns(location.pathname) ? match(this.#routes, location.pathname) : null;
    if (!place) return void (this.failed = true);
    this.loading = true;
    this.failed = false;
    try {
      const module = await place.route.load();
      if (arrival !== this.#latest) return;
      this.pattern = place.route.pattern;
      this.path = location.pathname;
      this.#shown = location.pathname + location.search;
      this.query = new URLSearchParams(location.search);
      this.params = place.params;
      this.screen = module.default as Screen;
      this.arrivals += 1;
    } catch {
      if (arrival === this.#latest) this.failed = true;
    } finally {
      if (arrival === this.#latest) this.loading = false;
    }
  }
}

export const router = new Router();
