/** Screen reader announcements: each new, changed or withdrawn goal and shoot-out kick once. */
import type { Words } from "$messages/en/web/live";
import { stateOf, type EffectiveEntry, type Kick, type Side, type Teams } from "./feed";

/** Side of a goal; side and outcome of a shoot-out kick. */
type Goal = { side: Side; kick: Kick["outcome"] | null };
export type Goals = ReadonlyMap<number, Goal>;

export function goalsOf(happened: readonly EffectiveEntry[]): Goals {
  return new Map(
    happened.flatMap(({ number, content }): [number, Goal][] => {
      if (content.kind === "goal") return [[number, { side: content.side, kick: null }]];
      return content.kind === "shoot_out_kick" ? [[number, { side: content.side, kick: content.outcome }]] : [];
    }),
  );
}

function isNew({ side, kick }: Goal, previous: Goal | undefined): boolean {
  return previous?.side !== side || previous.kick !== kick;
}

/** One sentence about the changes since `previous`, with the score; null without changes. */
export function announcementFor(previous: Goals, happened: readonly EffectiveEntry[], teams: Teams | null, w: Words): string | null {
  const current = goalsOf(happened);
  const name = (side: Side): string => teams?.[side].name ?? w.sides[side];
  const gone = [...previous].filter(([number]) => !current.has(number)).map(([, { side, kick }]) => (kick ? w.kickWithdrawn : w.goalDisallowed)(name(side)));
  const fresh = [...current].filter(([number, goal]) => isNew(goal, previous.get(number))).map(([, { side, kick }]) => (kick ? w.entries.kick[kick] : w.entries.goal)(name(side)));
  if (gone.length + fresh.length === 0) return null;
  const { home, away, penalties } = stateOf(happened);
  const score = penalties ? w.penaltiesSpoken(name("home"), penalties.home, name("away"), penalties.away) : w.score(name("home"), home, name("away"), away);
  return [...gone, ...fresh, score].join(". ");
}
