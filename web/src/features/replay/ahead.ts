/**
 * What a player asks for first, which has come before it asks. By itself hls.js asks for the playlist of playlists, then
 * for those that it names, then for the picture, and for the sound when that is there: one answer after the other.
 */
import type Hls from "hls.js";

type LoaderClass = (typeof Hls)["DefaultConfig"]["loader"];
interface Come {
  data: string | ArrayBuffer;
  /** When it was asked for, began to come and was there, as `performance.now` has it. */
  loading: { start: number; first: number; end: number };
}

const FRESH_MS = 5000;
const absolute = (address: string): string => new URL(address, location.href).href;

export class Ahead {
  #come = new Map<string, Promise<Come | null>>();
  readonly #until = performance.now() + FRESH_MS;

  /** Playlists by their address. The beginning of the sound is asked for at once; hls.js alone knows the picture's size. */
  constructor(playlists: Readonly<Record<string, string>>) {
    const now = performance.now();
    for (const [address, data] of Object.entries(playlists)) {
      this.#come.set(absolute(address), Promise.resolve({ data, loading: { start: now, first: now, end: now } }));
      if (address.endsWith("/audio.m3u8")) for (const first of beginning(data)) this.#come.set(absolute(first), fetched(first));
    }
  }

  /** What has come, or comes, from an address: once, and not when it is old, for playlists grow. Null in the end if it failed. */
  take(address: string): Promise<Come | null> | null {
    const found = this.#come.get(absolute(address));
    this.#come.delete(absolute(address));
    return (performance.now() < this.#until && found) || null;
  }
}

/** The addresses that the first segment of a playlist wants: what tells how it is encoded, its key, and itself. */
export function beginning(playlist: string): string[] {
  const found: string[] = [];
  for (const line of playlist.split("\n")) {
    const named = /URI="([^"]+)"/.exec(line)?.[1];
    if (named) found.push(named);
    if (line && !line.startsWith("#")) return [...found, line];
  }
  return [];
}

async function fetched(address: string): Promise<Come | null> {
  const start = performance.now();
  try {
    const answer = await fetch(address);
    const first = performance.now();
    return answer.ok ? { data: await answer.arrayBuffer(), loading: { start, first, end: performance.now() } } : null;
  } catch {
    return null;
  }
}

/** The library's way to load, which first takes what has come; what went wrong ahead is asked for as ever. */
export function loaderWith(Loader: LoaderClass, ahead: Ahead): LoaderClass {
  return class extends Loader {
    #over = false;

    override load(...how: Parameters<InstanceType<LoaderClass>["load"]>): void {
      const [context, , callbacks] = how;
      const coming = ahead.take(context.url);
      if (!coming) return super.load(...how);
      this.context = context;
      void coming.then((come) => {
        if (this.#over) return;
        if (!come) return super.load(...how);
        const { data, loading } = come;
        Object.assign(this.stats.loading, loading);
        this.stats.loaded = this.stats.total = typeof data === "string" ? data.length : data.byteLength;
        callbacks.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null);
      });
    }

    override abort(): void {
      this.#over = true;
      super.abort();
    }

    override destroy(): void {
      this.#over = true;
      super.destroy();
    }
  };
}
