/** Interpolation from two moments a second to the frame rate, with a short delay. */
import { MOMENT_MS, type BallSpot, type Moment, type Spot } from "./encoding";

/** Delay: one moment to interpolate towards, and the jitter of the network. */
const DELAY_MS = 900;
const LOST_MS = 2_500;
const JUMP = 40;
const KEPT = 12;

/** Interpolate by `share` between two moments. Jumps that are faster than a human are not interpolated. */
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
  return from.map((coordinate, place) => coordinate + (to[place]! - coordinate) * share);
}

/** The last moments, and the match time to draw. */
export class Motion {
  #moments: Moment[] = [];
  #offset: number | null = null;

  get last(): Moment | null {
    return this.#moments.at(-1) ?? null;
  }

  /** Add a moment that arrived at `now` (ms). A gap restarts the sequence. */
  add(moment: Moment, now: number): void {
    const last = this.last;
    if (last && moment.n === last.n) return void (this.#moments[this.#moments.length - 1] = moment);
    if (last && (moment.n < last.n || moment.n > last.n + 4)) this.#moments = [];
    this.#moments = [...this.#moments, moment].slice(-KEPT);
    const late = now - moment.n * MOMENT_MS;
    const apart = this.#offset === null ? Number.POSITIVE_INFINITY : Math.abs(late - this.#offset);
    this.#offset = apart > LOST_MS ? late : this.#offset! + (late - this.#offset!) / 8;
  }

  /** The moment to draw at `now`; it freezes after the last one. */
  at(now: number): Moment | null {
    const last = this.last;
    if (!last || this.#offset === null) return null;
    const shown = (now - this.#offset - DELAY_MS) / MOMENT_MS;
    const next = this.#moments.findIndex((moment) => moment.n > shown);
    if (next === -1) return last;
    const after = this.#moments[next]!;
    const before = this.#moments[next - 1];
    return before ? between(before, after, (shown - before.n) / (after.n - before.n)) : after;
  }
}
