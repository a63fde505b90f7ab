import { parse, types } from "hls-parser";
import { describe, expect, test } from "vitest";
import vectors from "../../../../docs/vectors/playlists.json";
import { firstUrls } from "./preloaded";

type MediaPlaylist = types.MediaPlaylist;
type MasterPlaylist = types.MasterPlaylist;

describe("the hls-parser library parses the media playlists of a clip", () => {
  test.each(vectors.media)("$name", ({ text, closed, target_s, segments }) => {
    const playlist = parse(text) as MediaPlaylist;
    expect([playlist.endlist, playlist.targetDuration, playlist.version]).toEqual([closed, target_s, 7]);
    expect(playlist.playlistType).toBe(closed ? "VOD" : "EVENT");
    const found = playlist.segments.map(({ uri, duration, programDateTime, key, map, discontinuity }) => ({
      uri,
      duration_ms: Math.round(duration * 1000),
      begins_at: programDateTime ? programDateTime.toISOString().replace(".000Z", "+00:00").replace(/(\.\d{3})Z/, "$1000+00:00") : null,
      key: key?.uri ?? null,
      iv: key?.iv ? [...new Uint8Array(key.iv)].map((byte) => byte.toString(16).padStart(2, "0")).join("") : null,
      init: map?.uri ?? null,
      discontinuity: Boolean(discontinuity),
    }));
    expect(found).toEqual(segments);
  });

  test("and the multivariant playlist", () => {
    const playlist = parse(vectors.main.text) as MasterPlaylist;
    const variants = playlist.variants.map(({ uri, codecs, bandwidth, resolution }) => ({
      uri,
      codecs,
      bandwidth,
      width: resolution?.width,
      height: resolution?.height,
    }));
    expect(variants).toEqual(vectors.main.variants);
    const medium = ({ uri, language, isDefault }: types.Rendition) => ({
      uri,
      language: language ?? null,
      default: Boolean(isDefault),
    });
    expect(playlist.variants[0]!.audio.map(medium)).toEqual(vectors.main.audio);
    expect(playlist.variants[0]!.subtitles.map(medium)).toEqual(vectors.main.subtitles);
  });
});

test.each(vectors.media)("the URLs to preload are those of the first segment: $name", ({ segments, text }) => {
  const first = segments[0]!;
  expect(firstUrls(text).sort()).toEqual([first.init, first.key, first.uri].filter((address) => address !== null).sort());
});
