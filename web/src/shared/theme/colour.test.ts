import { describe, expect, it } from "vitest";
import { BLACK, contrast, groundFor, inkOn, parseHex, readableOn, toHex, WHITE } from "./colour";

const CLUBS = ["#000000", "#ffffff", "#ffff00", "#777777", "#e4002b", "#0000ff", "#12235a", "#c0a060", "#00a651", "#ff7f00"];
const GROUNDS = ["#ffffff", "#f2f3f7", "#0a0d16", "#141927", "#1d2436"];

describe("club colours", () => {
  it("give text AA contrast on their own background, for any club", () => {
    for (const club of CLUBS) {
      const ground = groundFor(parseHex(club));
      expect(contrast(readableOn(ground), ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("give links AA contrast on every surface of both themes", () => {
    for (const club of CLUBS)
      for (const ground of GROUNDS.map(parseHex))
        expect(contrast(inkOn(parseHex(club), ground), ground)).toBeGreaterThanOrEqual(4.5);
  });

  it("are unchanged if they are already legible", () => {
    expect(toHex(inkOn(parseHex("#12235a"), WHITE))).toBe("#12235a");
    expect(readableOn(parseHex("#ffff00"))).toBe(BLACK);
  });
});
