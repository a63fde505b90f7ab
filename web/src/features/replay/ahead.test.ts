import { afterEach, describe, expect, test, vi } from "vitest";
import { Ahead, beginning } from "./ahead";

const SOUND = ["#EXTM3U", '#EXT-X-MAP:URI="/init"', '#EXT-X-KEY:METHOD=AES-128,URI="/key",IV=0x01', "#EXTINF:1.000,", "/first", "#EXTINF:1.000,", "/second", ""].join("\n");

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what a player asks for first", () => {
  test("is found in a playlist, whose later segments wait", () => {
    expect(beginning(SOUND)).toEqual(["/init", "/key", "/first"]);
    expect(beginning("#EXTM3U\n")).toEqual([]);
  });

  test("is given once, and not when it is old", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("location", { href: "https://stadium.example/live" });
    vi.stubGlobal("fetch", vi.fn(async () => new Response("sealed")));
    const ahead = new Ahead({ "/a/main.m3u8": "#EXTM3U", "/a/audio.m3u8": SOUND });
    expect((await ahead.take("/a/main.m3u8"))?.data).toBe("#EXTM3U");
    expect(ahead.take("/a/main.m3u8")).toBeNull();
    expect((await ahead.take("https://stadium.example/first"))?.data).toHaveProperty("byteLength", 6);
    vi.advanceTimersByTime(6000);
    expect(ahead.take("/a/audio.m3u8"), "it may have grown").toBeNull();
  });

  test("is asked for as ever where it did not come", async () => {
    vi.stubGlobal("location", { href: "https://stadium.example/live" });
    vi.stubGlobal("fetch", vi.fn(async () => new Response("", { status: 503 })));
    expect(await new Ahead({ "/a/audio.m3u8": SOUND }).take("/key")).toBeNull();
  });
});
