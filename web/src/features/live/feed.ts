/** State of the match feed, as in src/virage/media/live/rules; both are tested with docs/vectors/live.json. */
import type { components } from "../../shared/api/schema";

type Schemas = components["schemas"];
export type FeedEntry = Schemas["FeedEntry"];
export type Teams = Schemas["Teams"];
export type Team = Schemas["Team"];
export type Player = Schemas["Player"];
export type Side = Schemas["Side"];
export type Period = Schemas["Period"];
export type Content = FeedEntry["told"];
export type MatchEvent = Exclude<Content, { kind: "corrected" } | { kind: "withdrawn" }>;
export type Kick = Extract<MatchEvent, { kind: "shoot_out_kick" }>;
/** An entry with its corrections applied. */
export interface EffectiveEntry extends Omit<FeedEntry, "told"> {
  told: MatchEvent;
}

export interface MatchState {
  home: number;
  away: number;
  /** The running clock: `at_s` at the time `since`; null while stopped. */
  clock: { period: Period; since: string; at_s: number } | null;
  over: Period[];
  match_over: boolean;
  /** Score of the shoot-out; null before it starts. */
  penalties: Pair | null;
}

export interface Pair {
  home: number;
  away: number;
}

const BEGINS_S: Record<Period, number> = { first_half: 0, second_half: 2700, extra_first: 5400, extra_second: 6300, shoot_out: 7200 };
/** Periods of a match in order. */
export const ORDER = Object.keys(BEGINS_S) as Period[];

/** Entries in order, with corrections applied and without withdrawn ones. */
export function effective(entries: Iterable<FeedEntry>): EffectiveEntry[] {
  const kept = new Map<number, EffectiveEntry>();
  for (const entry of entries) {
    const { told } = entry;
    if (told.kind === "withdrawn") kept.delete(told.about);
    else if (told.kind === "corrected") {
      const about = kept.get(told.about);
      if (about) kept.set(told.about, { ...about, told: told.told as MatchEvent });
    } else kept.set(entry.number, entry as EffectiveEntry);
  }
  return [...kept.values()];
}

/** Difference between an entry's clock and the running clock that does not set it. */
const CLOCK_SLACK_S = 2;

/** The state after these entries. An entry with another clock sets the clock. */
export function stateOf(happened: readonly EffectiveEntry[]): MatchState {
  const found: MatchState = { home: 0, away: 0, clock: null, over: [], match_over: false, penalties: null };
  for (const { told, at, clock_s } of happened) {
    const { clock } = found;
    if (clock && typeof clock_s === "number") {
      const shows = clock.at_s + Math.max(0, Math.floor((Date.parse(at) - Date.parse(clock.since)) / 1000));
      if (Math.abs(shows - clock_s) > CLOCK_SLACK_S) found.clock = { ...clock, since: at, at_s: clock_s };
    }
    if (told.kind === "kick_off") found.clock = { period: told.period, since: at, at_s: clock_s ?? BEGINS_S[told.period] };
    if (told.kind === "kick_off" && told.period === "shoot_out") found.penalties ??= { home: 0, away: 0 };
    else if (told.kind === "period_over") {
      found.clock = null;
      found.over.push(told.period);
      found.match_over = told.match_over ?? false;
    } else if (told.kind === "goal") found[told.side] += 1;
    else if (told.kind === "shoot_out_kick") found.penalties = after(found.penalties, told);
  }
  return found;
}

/** Score of a shoot-out after a kick. */
function after(previous: Pair | null, { side, outcome }: Kick): Pair {
  const score = { home: 0, away: 0, ...previous };
  return outcome === "scored" ? { ...score, [side]: score[side] + 1 } : score;
}

/** Kicks of the shoot-out in order, each with its entry's number and the score after it. */
export function kicks(happened: readonly EffectiveEntry[]): { number: number; told: Kick; score: Pair }[] {
  let score: Pair | null = null;
  return happened.flatMap(({ number, told }) => (told.kind === "shoot_out_kick" ? [{ number, told, score: (score = after(score, told)) }] : []));
}

/** Displayed minute and added minutes: [45, 2] is 45+2, [27, 0] is 27. */
export function minute(period: Period, clockS: number): [number, number] {
  const following = ORDER[ORDER.indexOf(period) + 1];
  const running = Math.floor(clockS / 60) + 1;
  const ends = following === undefined ? Number.POSITIVE_INFINITY : BEGINS_S[following] / 60;
  return running > ends ? [ends, running - ends] : [running, 0];
}

/** Period of each entry by number; none before the first kick-off. */
export function periods(happened: readonly EffectiveEntry[]): Map<number, Period> {
  const found = new Map<number, Period>();
  let period: Period | null = null;
  for (const { number, told } of happened) {
    if (told.kind === "kick_off") period = told.period;
    if (period) found.set(number, period);
  }
  return found;
}

/** A player of the line-up. */
export function player(teams: Teams | null, side: Side, number: number | null | undefined): Player | null {
  return teams?.[side].players?.find((candidate) => candidate.number === number) ?? null;
}

/** The scorer's side; for an own goal, the other side. */
export function scorerSide(goal: Extract<MatchEvent, { kind: "goal" }>): Side {
  if (goal.manner !== "own") return goal.side;
  return goal.side === "home" ? "away" : "home";
}
