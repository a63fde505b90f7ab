/**
 * Responses loaded before the player requests them. By itself, hls.js requests the multivariant playlist, the track
 * playlists, the video and then the audio one after the other.
 */
import type Hls from "hls.js";

type LoaderClass = (typeof Hls)["DefaultConfig"]["loader"];
interface Loaded {
  data: string | ArrayBuffer;
  /** Times of the request, of its first byte and of its end (`performance.now`). */
  loading: { start: number; first: number; end: number };
}

const FRESH_MS = 5000;
const absolute = (address: string): string => new URL(address, location.href).href;

export class Preloaded {
  #loaded = new Map<string, Promise<Loaded | null>>();
  readonly #until = performance.now() + FRESH_MS;

  /** Playlists by URL. The first audio segment is requested at once; only hls.js knows the size of the video. */
  constructor(playlists: Readonly<Record<string, string>>) {
    const now = performance.now();
    for (const [address, data] of Object.entries(playlists)) {
      this.#loaded.set(absolute(address), Promise.resolve({ data, loading: { start: now, first: now, end: now } }));
      if (address.endsWith("/audio.m3u8")) for (const url of firstUrls(data)) this.#loaded.set(absolute(url), preload(url));
    }
  }

  /** The response of a URL, once and only while fresh, because playlists grow. It resolves to null after an error. */
  take(address: string): Promise<Loaded | null> | null {
    const loaded = this.#loaded.get(absolute(address));
    this.#loaded.delete(absolute(address));
    return (performance.now() < this.#until && loaded) || null;
  }
}

/** URLs for the first segment of a playlist: init segment, key, and the segment. */
export function firstUrls(playlist: string): string[] {
  const urls: string[] = [];
  for (const line of playlist.split("\n")) {
    const uri = /URI="([^"]+)"/.exec(line)?.[1];
    if (uri) urls.push(uri);
    if (line && !line.startsWith("#")) return [...urls, line];
  }
  return [];
}

async function preload(address: string): Promise<Loaded | null> {
  const start = performance.now();
  try {
    const answer = await fetch(address);
    const first = performance.now();
    return answer.ok ? { data: await answer.arrayBuffer(), loading: { start, first, end: performance.now() } } : null;
  } catch {
    return null;
  }
}

/** A loader for hls.js that uses preloaded responses first, and requests failed ones again. */
export function loaderWith(Loader: LoaderClass, preloaded: Preloaded): LoaderClass {
  return class extends Loader {
    #cancelled = false;

    override load(...args: Parameters<InstanceType<LoaderClass>["load"]>): void {
      const [context, , callbacks] = args;
      const pending = preloaded.take(context.url);
      if (!pending) return super.load(...args);
      this.context = context;
      void pending.then((response) => {
        if (this.#cancelled) return;
        if (!response) return super.load(...args);
        const { data, loading } = response;
        Object.assign(this.stats.loading, loading);
        this.stats.loaded = this.stats.total = typeof data === "string" ? data.length : data.byteLength;
        callbacks.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null);
      });
    }

    override abort(): void {
      this.#cancelled = true;
      super.abort();
    }

    override destroy(): void {
      this.#cancelled = true;
      super.destroy();
    }
  };
}
