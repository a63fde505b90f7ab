/** What a screen reader is told: each goal once, and each that was none; nothing of what stood when the screen opened. */
import type { Words } from "../i18n/en/live";
import { stateOf, type Happened, type Side, type Teams } from "./feed";

export type Goals = ReadonlyMap<number, Side>;

export function goalsOf(happened: readonly Happened[]): Goals {
  return new Map(happened.flatMap(({ number, told }) => (told.kind === "goal" ? [[number, told.side] as const] : [])));
}

/** One sentence about what has changed since `before`, with how it stands; nothing when no goal has. */
export function saidOf(before: Goals, happened: readonly Happened[], teams: Teams | null, w: Words): string | null {
  const now = goalsOf(happened);
  const name = (side: Side): string => teams?.[side].name ?? w.sides[side];
  const gone = [...before].filter(([number]) => !now.has(number)).map(([, side]) => w.noGoal(name(side)));
  const fresh = [...now].filter(([number, side]) => before.get(number) !== side).map(([, side]) => w.happened.goal(name(side)));
  if (gone.length + fresh.length === 0) return null;
  const { home, away } = stateOf(happened);
  return [...gone, ...fresh, w.score(name("home"), home, name("away"), away)].join(". ");
}
