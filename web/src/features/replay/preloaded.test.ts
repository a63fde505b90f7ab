import { afterEach, describe, expect, test, vi } from "vitest";
import { firstUrls, Preloaded } from "./preloaded";

const SOUND = ["#EXTM3U", '#EXT-X-MAP:URI="/init"', '#EXT-X-KEY:METHOD=AES-128,URI="/key",IV=0x01', "#EXTINF:1.000,", "/first", "#EXTINF:1.000,", "/second", ""].join("\n");

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("preloaded responses", () => {
  test("are those of the first segment of a playlist", () => {
    expect(firstUrls(SOUND)).toEqual(["/init", "/key", "/first"]);
    expect(firstUrls("#EXTM3U\n")).toEqual([]);
  });

  test("are used once and only while fresh", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("location", { href: "https://stadium.example/live" });
    vi.stubGlobal("fetch", vi.fn(async () => new Response("sealed")));
    const preloaded = new Preloaded({ "/a/main.m3u8": "#EXTM3U", "/a/audio.m3u8": SOUND });
    expect((await preloaded.take("/a/main.m3u8"))?.data).toBe("#EXTM3U");
    expect(preloaded.take("/a/main.m3u8")).toBeNull();
    expect((await preloaded.take("https://stadium.example/first"))?.data).toHaveProperty("byteLength", 6);
    vi.advanceTimersByTime(6000);
    expect(preloaded.take("/a/audio.m3u8"), "it may have grown").toBeNull();
  });

  test("are null after an error, so that the player requests them itself", async () => {
    vi.stubGlobal("location", { href: "https://stadium.example/live" });
    vi.stubGlobal("fetch", vi.fn(async () => new Response("", { status: 503 })));
    expect(await new Preloaded({ "/a/audio.m3u8": SOUND }).take("/key")).toBeNull();
  });
});
