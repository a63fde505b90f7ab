/** State of the match feed, as in src/virage/media/live/rules; both are tested with docs/vectors/live.json. */
import type { components } from "../../shared/api/schema";

type Schemas = components["schemas"];
export type FeedEntry = Schemas["FeedEntry"];
export type Teams = Schemas["Teams"];
export type Team = Schemas["Team"];
export type Player = Schemas["Player"];
export type Side = Schemas["Side"];
export type Period = Schemas["Period"];
export type Content = FeedEntry["content"];
export type MatchEvent = Exclude<Content, { kind: "corrected" } | { kind: "withdrawn" }>;
export type Kick = Extract<MatchEvent, { kind: "shoot_out_kick" }>;
/** An entry with its corrections applied. */
export interface EffectiveEntry extends Omit<FeedEntry, "content"> {
  content: MatchEvent;
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

type Renamed<Old> = Old extends { content: unknown } ? Omit<Old, "content"> & { told: Old["content"] } : Old;
/** An entry under the names of version 0.1.0, as phones and caches still store it. */
export type OldEntry = Omit<FeedEntry, "content"> & { told: Renamed<Content> };

/** An entry under the names of today. */
export function entryOf<Entry extends { content: Content }>(entry: Entry | (Omit<Entry, "content"> & { told: Renamed<Content> })): Entry {
  if (!("told" in entry)) return entry;
  const { told, ...others } = entry;
  const content = told.kind === "corrected" ? { kind: told.kind, about: told.about, content: told.told } : told;
  return { ...others, content } as unknown as Entry;
}

/** Entries in order, with corrections applied and without withdrawn ones. */
export function effective(entries: Iterable<FeedEntry>): EffectiveEntry[] {
  const entriesByNumber = new Map<number, EffectiveEntry>();
  for (const entry of entries) {
    const { content } = entry;
    if (content.kind === "withdrawn") entriesByNumber.delete(content.about);
    else if (content.kind === "corrected") {
      const about = entriesByNumber.get(content.about);
      if (about) entriesByNumber.set(content.about, { ...about, content: content.content as MatchEvent });
    } else entriesByNumber.set(entry.number, entry as EffectiveEntry);
  }
  return [...entriesByNumber.values()];
}

/** Difference between an entry's clock and the running clock that does not set it. */
const CLOCK_SLACK_S = 2;

/** The state after these entries. An entry with another clock sets the clock. */
export function stateOf(happened: readonly EffectiveEntry[]): MatchState {
  const state: MatchState = { home: 0, away: 0, clock: null, over: [], match_over: false, penalties: null };
  for (const { content, at, clock_s } of happened) {
    const { clock } = state;
    if (clock && typeof clock_s === "number") {
      const shows = clock.at_s + Math.max(0, Math.floor((Date.parse(at) - Date.parse(clock.since)) / 1000));
      if (Math.abs(shows - clock_s) > CLOCK_SLACK_S) state.clock = { ...clock, since: at, at_s: clock_s };
    }
    if (content.kind === "kick_off") state.clock = { period: content.period, since: at, at_s: clock_s ?? BEGINS_S[content.period] };
    if (content.kind === "kick_off" && content.period === "shoot_out") state.penalties ??= { home: 0, away: 0 };
    else if (content.kind === "period_over") {
      state.clock = null;
      state.over.push(content.period);
      state.match_over = content.match_over ?? false;
    } else if (content.kind === "goal") state[content.side] += 1;
    else if (content.kind === "shoot_out_kick") state.penalties = after(state.penalties, content);
  }
  return state;
}

/** Score of a shoot-out after a kick. */
function after(previous: Pair | null, { side, outcome }: Kick): Pair {
  const score = { home: 0, away: 0, ...previous };
  return outcome === "scored" ? { ...score, [side]: score[side] + 1 } : score;
}

/** Kicks of the shoot-out in order, each with its entry's number and the score after it. */
export function kicks(happened: readonly EffectiveEntry[]): { number: number; content: Kick; score: Pair }[] {
  let score: Pair | null = null;
  return happened.flatMap(({ number, content }) => (content.kind === "shoot_out_kick" ? [{ number, content, score: (score = after(score, content)) }] : []));
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
  const byNumber = new Map<number, Period>();
  let period: Period | null = null;
  for (const { number, content } of happened) {
    if (content.kind === "kick_off") period = content.period;
    if (period) byNumber.set(number, period);
  }
  return byNumber;
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
