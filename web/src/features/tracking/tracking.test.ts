import { describe, expect, test } from "vitest";
import vectors from "../../../../docs/vectors/pitch.json";
import { contrast, parseHex } from "../../shared/theme/colour";
import type { Teams } from "../live/feed";
import { MOMENT_MS, read, type BallSpot, type Moment, type Update, type Spot } from "./encoding";
import { between, Motion } from "./motion";
import { shirts } from "./shirts";

interface State {
  spots: Record<string, number[] | undefined>;
  ball: number[] | null;
}

const moment = (n: number, { spots, ball }: State): Moment => ({ n, spots: new Map(Object.entries(spots) as unknown as [string, Spot][]), ball: ball as BallSpot | null });
const plain = ({ spots, ball }: Moment): State => ({ spots: Object.fromEntries([...spots].map(([who, spot]) => [who, [...spot]])), ball: ball && [...ball] });

describe("every text of the vectors", () => {
  test.each(vectors.codes)("$name", ({ who, before, text, after }) => {
    expect(plain(read(text, who, moment(1, before as State), 2))).toEqual(after);
  });
});

test("key frames and moves give the server's positions after each message", () => {
  let known: Moment | null = null;
  let who: string[] = [];
  for (const { message, state } of vectors.told) {
    const { key, moves = [] } = message as unknown as Update;
    if (key) [who, known] = [key.who, read(key.at, key.who, null, key.n)];
    for (const [n, text] of moves) known = read(text, who, known, n);
    expect({ n: known!.n, ...plain(known!) }).toEqual(state);
  }
});

test.each(vectors.between as { share: number; before: Record<string, number[]>; after: Record<string, number[]>; expected: Record<string, number[]> }[])("$share of the way", ({ share, before, after, expected }) => {
  const found = between(moment(1, { spots: before, ball: null }), moment(2, { spots: after, ball: null }), share);
  expect(plain(found).spots).toEqual(expected);
});

describe("what is drawn", () => {
  const at = (n: number, x: number): Moment => moment(n, { spots: { h9: [x, 0] }, ball: null });
  const x = (motion: Motion, now: number): number => motion.at(now)!.spots.get("h9")![0];

  test("moves without jumps while moments arrive in time, and not backwards", () => {
    const motion = new Motion();
    const drawn: number[] = [];
    for (let now = 0; now < 10_000; now += 20) {
      if (now % MOMENT_MS === 0) motion.add(at(now / MOMENT_MS, now / 50), now + ((now / MOMENT_MS) % 3) * 40);
      drawn.push(x(motion, now));
    }
    const steps = drawn.slice(1).map((position, index) => position - drawn[index]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(-1e-9);
    expect(Math.max(...steps)).toBeLessThan(1.5);
    expect(drawn.at(-1)).toBeGreaterThan(170);
  });

  test("freezes after the last moment", () => {
    const motion = new Motion();
    for (let n = 0; n < 5; n += 1) motion.add(at(n, n), n * MOMENT_MS);
    expect(x(motion, 60_000)).toBe(4);
  });

  test("restarts after a gap", () => {
    const motion = new Motion();
    for (let n = 0; n < 5; n += 1) motion.add(at(n, n), n * MOMENT_MS);
    motion.add(at(500, 90), 9_000);
    expect(x(motion, 9_000)).toBe(90);
  });
});

describe("shirts", () => {
  const teams = (home: string, away: string): Teams => ({ home: { name: "A", code: "AAA", colour: home }, away: { name: "B", code: "BBB", colour: away } });
  const grounds = ["#cfe5d2", "#1c3a2a"];
  const colours = ["#000000", "#12235a", "#1c3a2a", "#cfe5d2", "#da001a", "#f4e422", "#ffffff"];
  const pairs = grounds.flatMap((grass) => colours.flatMap((home) => colours.map((away) => ({ grass, home, away }))));

  test.each(pairs)("of $home and $away are distinguishable on $grass, with legible numbers", ({ grass, home, away }) => {
    const found = shirts(teams(home, away), grass);
    expect(found.home.fill).not.toBe(found.away.fill);
    for (const { fill, number, ring } of [found.home, found.away]) {
      expect(contrast(parseHex(number), parseHex(fill))).toBeGreaterThan(4.5);
      expect(Math.max(contrast(parseHex(ring), parseHex(grass)), contrast(parseHex(fill), parseHex(grass)))).toBeGreaterThan(4.5);
    }
  });
});
