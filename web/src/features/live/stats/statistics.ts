/** Displayed statistics: those of the source, and the cards of the feed. */
import type { components } from "../../../shared/api/schema";
import type { EffectiveEntry, Side } from "../feed";

export type TeamStatistics = components["schemas"]["TeamStatistics"];
export type PlayerStatistics = components["schemas"]["PlayerStatistics"];
type Pair = [number, number];

const COUNTED = ["shots", "on_target", "corners", "fouls", "offsides", "passes"] as const;
export type Name = "possession" | (typeof COUNTED)[number] | "accuracy" | "yellow" | "red";

export interface Statistic {
  name: Name;
  values: Pair;
  percent: boolean;
  /** Share of the home side in the bar, 0 to 1; null without values. */
  share: number | null;
}

/** Statistics in display order; without a source, none of its values. */
export function statistics(stats: TeamStatistics | null, happened: readonly EffectiveEntry[]): Statistic[] {
  const shown: Statistic[] = [];
  const add = (name: Name, values: Pair, percent = false): void => {
    const sum = values[0] + values[1];
    shown.push({ name, values, percent, share: sum ? values[0] / sum : null });
  };
  if (stats?.possession) add("possession", stats.possession, true);
  if (stats && COUNTED.some((name) => stats[name][0] + stats[name][1] > 0)) for (const name of COUNTED) add(name, stats[name]);
  if (stats?.possession) add("accuracy", [accuracy(stats, 0), accuracy(stats, 1)], true);
  const cards = { yellow: cardsOf(happened, ["yellow", "second_yellow"]), red: cardsOf(happened, ["red", "second_yellow"]) };
  if (cards.yellow[0] + cards.yellow[1] + cards.red[0] + cards.red[1] > 0) {
    add("yellow", cards.yellow);
    add("red", cards.red);
  }
  return shown;
}

function accuracy({ passes, completed }: TeamStatistics, place: 0 | 1): number {
  return passes[place] ? Math.round((100 * completed[place]) / passes[place]) : 0;
}

/** A second yellow card is a yellow one and a red one (IFAB, Laws of the Game, law 12). */
function cardsOf(happened: readonly EffectiveEntry[], colours: readonly string[]): Pair {
  const count = (side: Side): number => happened.filter(({ content }) => content.kind === "card" && content.side === side && colours.includes(content.colour)).length;
  return [count("home"), count("away")];
}
