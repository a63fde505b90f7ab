/** The match feed, put together as the server's rules do (src/virage/media/live/rules; docs/vectors/live.json holds both). */
import type { components } from "../api/schema";

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
/** An entry as it stands: neither a correction nor a withdrawal. */
export interface EffectiveEntry extends Omit<FeedEntry, "told"> {
  told: MatchEvent;
}

export interface MatchState {
  home: number;
  away: number;
  /** The running clock: it showed `at_s` at the moment `since`; null while nothing is played. */
  clock: { period: Period; since: string; at_s: number } | null;
  over: Period[];
  match_over: boolean;
  /** The score of the shoot-out; null until it begins. */
  penalties: Pair | null;
}

export interface Pair {
  home: number;
  away: number;
}

const BEGINS_S: Record<Period, number> = { first_half: 0, second_half: 2700, extra_first: 5400, extra_second: 6300, shoot_out: 7200 };
/** The parts of a match in the order in which they are played. */
export const ORDER = Object.keys(BEGINS_S) as Period[];

/** What happened, in order: entries as they were corrected last, without those withdrawn. */
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

/** How far what an entry says may be from the running clock without setting it. */
const CLOCK_SLACK_S = 2;

/** What it adds up to. An entry that says another clock sets it. */
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

/** The score of a shoot-out after one more kick. */
function after(before: Pair | null, { side, outcome }: Kick): Pair {
  const stands = { home: 0, away: 0, ...before };
  return outcome === "scored" ? { ...stands, [side]: stands[side] + 1 } : stands;
}

/** The kicks of a shoot-out in order, each with its entry's number and how it stood then. */
export function kicks(happened: readonly EffectiveEntry[]): { number: number; told: Kick; stands: Pair }[] {
  let stands: Pair | null = null;
  return happened.flatMap(({ number, told }) => (told.kind === "shoot_out_kick" ? [{ number, told, stands: (stands = after(stands, told)) }] : []));
}

/** The minute as it is written: [45, 2] is 45+2, [27, 0] is 27. */
export function minute(period: Period, clockS: number): [number, number] {
  const following = ORDER[ORDER.indexOf(period) + 1];
  const running = Math.floor(clockS / 60) + 1;
  const ends = following === undefined ? Number.POSITIVE_INFINITY : BEGINS_S[following] / 60;
  return running > ends ? [ends, running - ends] : [running, 0];
}

/** The period in which each entry of a feed happened, by its number; none before the first kick-off. */
export function periods(happened: readonly EffectiveEntry[]): Map<number, Period> {
  const found = new Map<number, Period>();
  let period: Period | null = null;
  for (const { number, told } of happened) {
    if (told.kind === "kick_off") period = told.period;
    if (period) found.set(number, period);
  }
  return found;
}

/** Somebody of the line-up. */
export function player(teams: Teams | null, side: Side, number: number | null | undefined): Player | null {
  return teams?.[side].players?.find((one) => one.number === number) ?? null;
}

/** The side whose player scored: an own goal is the other side's. */
export function scorerSide(told: Extract<MatchEvent, { kind: "goal" }>): Side {
  if (told.manner !== "own") return told.side;
  return told.side === "home" ? "away" : "home";
}
