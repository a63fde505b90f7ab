/** Text encoding of positions: key frames and moves (docs/pitch.md; tested with docs/vectors/pitch.json). */
import type { components } from "../../shared/api/schema";

export const QUANTUM_M = 0.2;
export const MOMENT_MS = 500;

type Schemas = components["schemas"];
export type Update = Schemas["TrackingUpdate"];
export type Kick = NonNullable<Update["hardest"]>;
export type Spot = readonly [number, number];
export type BallSpot = readonly [number, number, number];
/** All positions at `n * 500` ms of the match clock, in fifths of a metre from the centre spot. */
export interface Moment {
  n: number;
  spots: ReadonlyMap<string, Spot>;
  ball: BallSpot | null;
}

const SIGNS = Array.from({ length: 0x7f - 0x21 }, (_, place) => String.fromCharCode(0x21 + place)).filter((sign) => !'"\\.-+'.includes(sign));
const DIGITS = new Map(SIGNS.map((sign, digit) => [sign, digit]));
const BASE = SIGNS.length;
const STEP_MAX = Math.floor(BASE / 2);
const PLACE_MAX = Math.floor((BASE * BASE) / 2);

/** Decode the text of moment `n` from the previous moment. */
export function read(text: string, who: readonly string[], previous: Moment | null, n: number): Moment {
  let at = 0;
  const digit = (): number => DIGITS.get(text[at++]!) ?? 0;
  const place = (): number => digit() * BASE + digit() - PLACE_MAX;
  const position = (former: Spot | undefined): { spot: Spot | undefined; changed: boolean } => {
    const sign = text[at];
    if (sign === undefined || sign === ".") {
      at += 1;
      return { spot: former, changed: false };
    }
    if (sign === "-") {
      at += 1;
      return { spot: undefined, changed: false };
    }
    if (sign === "+" || !former) {
      at += 1;
      return { spot: [place(), place()], changed: true };
    }
    return { spot: [former[0] + digit() - STEP_MAX, former[1] + digit() - STEP_MAX], changed: true };
  };
  const former = previous?.ball ?? null;
  const ball = position(former ? [former[0], former[1]] : undefined);
  const height = ball.changed ? digit() : (former?.[2] ?? 0);
  const spots = new Map<string, Spot>();
  for (const name of who) {
    const { spot } = position(previous?.spots.get(name));
    if (spot) spots.set(name, spot);
  }
  return { n, spots, ball: ball.spot ? [ball.spot[0], ball.spot[1], height] : null };
}

/** `h9` is number 9 of the home side. */
export function named(who: string): { side: "home" | "away"; shirt: number } {
  return { side: who.startsWith("h") ? "home" : "away", shirt: Number(who.slice(1)) };
}
