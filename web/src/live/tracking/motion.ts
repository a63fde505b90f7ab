/** From two moments a second to the screen's own rate: what is drawn lies a little behind what was told last. */
import { MOMENT_MS, type BallSpot, type Moment, type Spot } from "./encoding";

/** How far behind: one moment that is drawn towards, and what a network wavers. */
const BEHIND_MS = 900;
const LOST_MS = 2_500;
const JUMP = 40;
const KEPT = 12;

/** `share` of the way from one moment to the next. Who leaps further than anybody runs is not drawn flying there. */
export function between(before: Moment, after: Moment, share: number): Moment {
  const spots = new Map<string, Spot>();
  for (const [name, to] of after.spots) {
    const from = before.spots.get(name);
    spots.set(name, from && Math.hypot(to[0] - from[0], to[1] - from[1]) < JUMP ? (mixed(from, to, share) as unknown as Spot) : to);
  }
  const ball = before.ball && after.ball ? (mixed(before.ball, after.ball, share) as unknown as BallSpot) : after.ball;
  return { n: before.n + (after.n - before.n) * share, spots, ball };
}

function mixed(from: readonly number[], to: readonly number[], share: number): number[] {
  return from.map((one, place) => one + (to[place]! - one) * share);
}

/** The last moments, and which time of the match's clock is drawn now. */
export class Motion {
  #moments: Moment[] = [];
  #offset: number | null = null;

  get last(): Moment | null {
    return this.#moments.at(-1) ?? null;
  }

  /** A moment has come, at `now` of the screen's clock (ms). A break in them begins anew. */
  add(moment: Moment, now: number): void {
    const last = this.last;
    if (last && moment.n === last.n) return void (this.#moments[this.#moments.length - 1] = moment);
    if (last && (moment.n < last.n || moment.n > last.n + 4)) this.#moments = [];
    this.#moments = [...this.#moments, moment].slice(-KEPT);
    const late = now - moment.n * MOMENT_MS;
    const apart = this.#offset === null ? Number.POSITIVE_INFINITY : Math.abs(late - this.#offset);
    this.#offset = apart > LOST_MS ? late : this.#offset! + (late - this.#offset!) / 8;
  }

  /** What to draw at `now`; it stands still where nothing more was told. */
  at(now: number): Moment | null {
    const last = this.last;
    if (!last || this.#offset === null) return null;
    const shown = (now - this.#offset - BEHIND_MS) / MOMENT_MS;
    const next = this.#moments.findIndex((moment) => moment.n > shown);
    if (next === -1) return last;
    const after = this.#moments[next]!;
    const before = this.#moments[next - 1];
    return before ? between(before, after, (shown - before.n) / (after.n - before.n)) : after;
  }
}
