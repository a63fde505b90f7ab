import { describe, expect, test, vi } from "vitest";
import { engineFor } from "./engine";

const apple = { canPlayType: (type: string) => (type === "application/vnd.apple.mpegurl" ? ("maybe" as const) : ("" as const)) };
const old = { canPlayType: () => "" as const };

class Track {
  mode = "disabled";
  constructor(readonly language: string) {}
}

/** A fake video element with what Safari's player needs. */
function safari(): HTMLVideoElement & EventTarget {
  const video = new EventTarget() as unknown as Record<string, unknown>;
  const tracks = Object.assign([new Track("fr"), new Track("en")], { addEventListener: vi.fn() });
  const sound = (kind: string, language: string) => ({ kind, language, enabled: kind === "main" });
  Object.assign(video, {
    ...apple,
    currentTime: 0,
    textTracks: tracks,
    audioTracks: [sound("main", "und"), sound("main-desc", "fr")],
    getStartDate: () => new Date(1_000_000),
    removeAttribute: () => delete video.src,
    load: vi.fn(),
  });
  return video as unknown as HTMLVideoElement;
}

describe("the engine", () => {
  test("is hls.js with media source extensions, also where the browser plays HLS", () => {
    const called = vi.fn();
    class Library {
      static Events = {};
      static ErrorTypes = {};
      static isSupported = () => true;
      on = called;
      loadSource = called;
      attachMedia = called;
    }
    engineFor(Library as never, apple)!(safari(), "/a.m3u8", null, () => {});
    expect(called).toHaveBeenCalledWith("/a.m3u8");
  });

  test("is the browser without media source extensions, and nothing if it cannot play HLS", () => {
    expect(engineFor({ isSupported: () => false }, old)).toBeNull();
    expect(engineFor({ isSupported: () => false }, apple)).not.toBeNull();
  });

  test("starts at the instant of the other angle, sets captions and description, and reports errors", () => {
    const video = safari();
    const onFault = vi.fn();
    const engine = engineFor({ isSupported: () => false }, video)!(video, "/a.m3u8", 1_004_000, onFault);
    expect(video.src).toBe("/a.m3u8");
    video.dispatchEvent(new Event("loadedmetadata"));
    expect(video.currentTime).toBe(4);
    expect(engine.instant()).toBe(1_004_000);
    engine.choose({ captions: "en", described: "fr" });
    expect([...video.textTracks].map(({ mode }) => mode)).toEqual(["disabled", "showing"]);
    const sounds = (video as unknown as { audioTracks: { enabled: boolean }[] }).audioTracks;
    expect(sounds.map(({ enabled }) => enabled)).toEqual([false, true]);
    video.dispatchEvent(new Event("error"));
    expect(onFault).toHaveBeenCalledWith("lost");
    engine.close();
    expect(video.src).toBeUndefined();
  });
});
