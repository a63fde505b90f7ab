/** Texts of feed entries. */
import type { Words } from "../../shared/i18n/en/live";
import { i18n } from "../../shared/i18n/i18n.svelte";
import { player, scorerSide, type MatchEvent, type Side, type Teams } from "./feed";

export interface Line {
  title: string;
  details: string[];
  /** Kit colour of the team. */
  colour: string | null;
  /** Place of a venue update; only its latest update is shown. */
  about?: string;
}

/** Number and name of a player; without a name, the number. */
export function playerLabel(teams: Teams | null, side: Side, number: number, w: Words): string {
  const name = player(teams, side, number)?.name;
  return name ? `${number} ${name}` : w.shirt(number);
}

export function entryText(what: MatchEvent, teams: Teams | null, w: Words): Line {
  const h = w.happened;
  const team = (side: Side): string => teams?.[side].name ?? w.sides[side];
  const named = (side: Side, number: number | null | undefined): string => (number ? playerLabel(teams, side, number, w) : "");
  const line = (title: string, details: string[] = [], side: Side | null = null): Line => ({
    title,
    details: details.filter(Boolean),
    colour: side ? (teams?.[side].colour ?? null) : null,
  });
  switch (what.kind) {
    case "kick_off":
      return line(h.kick_off(w.periods[what.period]));
    case "period_over":
      return line(what.match_over ? w.over : w.pause[what.period]);
    case "goal": {
      const said = what.manner === "own" ? h.ownGoal : what.manner === "penalty" ? h.penalty : h.goal;
      const assist = what.assist ? h.assist(named(what.side, what.assist)) : "";
      return line(said(team(what.side)), [what.player ? named(scorerSide(what), what.player) : "", assist], what.side);
    }
    case "shoot_out_kick":
      return line(h.kick[what.outcome](team(what.side)), [what.player ? named(what.side, what.player) : ""], what.side);
    case "card":
      return line(h.card(h[what.colour], team(what.side)), [named(what.side, what.player)], what.side);
    case "substitution":
      return line(h.substitution(team(what.side)), [h.on(named(what.side, what.on)), h.off(named(what.side, what.off))], what.side);
    case "added_time":
      return line(h.added_time(what.minutes));
    case "var":
      return what.phase === "checking" ? line(h.varChecks[what.matter]) : line(h.var[what.phase], [h.matters[what.matter]]);
    case "goal_line":
      return line(h.goalLine(what.is_goal), [team(what.side)], what.side);
    case "referee":
      return line(h.referee[what.signal]);
    case "announcement":
      return line(i18n.text(what.text));
    case "ground":
      return { ...line(h.ground[what.place][what.state]!(what.code)), about: `${what.place} ${what.code}` };
    case "replay":
      return line(h.replay);
  }
}
