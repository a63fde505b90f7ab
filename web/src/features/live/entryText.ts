/** Texts of feed entries. */
import type { Words } from "$messages/en/web/live";
import { localCode } from "../../shared/codes";
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

export function entryText(event: MatchEvent, teams: Teams | null, w: Words): Line {
  const h = w.entries;
  const team = (side: Side): string => teams?.[side].name ?? w.sides[side];
  const named = (side: Side, number: number | null | undefined): string => (number ? playerLabel(teams, side, number, w) : "");
  const line = (title: string, details: string[] = [], side: Side | null = null): Line => ({
    title,
    details: details.filter(Boolean),
    colour: side ? (teams?.[side].colour ?? null) : null,
  });
  switch (event.kind) {
    case "kick_off":
      return line(h.kick_off(w.periods[event.period]));
    case "period_over":
      return line(event.match_over ? w.over : w.pause[event.period]);
    case "goal": {
      const titleOf = event.manner === "own" ? h.ownGoal : event.manner === "penalty" ? h.penalty : h.goal;
      const assist = event.assist ? h.assist(named(event.side, event.assist)) : "";
      return line(titleOf(team(event.side)), [event.player ? named(scorerSide(event), event.player) : "", assist], event.side);
    }
    case "shoot_out_kick":
      return line(h.kick[event.outcome](team(event.side)), [event.player ? named(event.side, event.player) : ""], event.side);
    case "card":
      return line(h.card(h[event.colour], team(event.side)), [named(event.side, event.player)], event.side);
    case "substitution":
      return line(h.substitution(team(event.side)), [h.on(named(event.side, event.on)), h.off(named(event.side, event.off))], event.side);
    case "added_time":
      return line(h.added_time(event.minutes));
    case "var":
      return event.phase === "checking" ? line(h.varChecks[event.matter]) : line(h.var[event.phase], [h.matters[event.matter]]);
    case "goal_line":
      return line(h.goalLine(event.is_goal), [team(event.side)], event.side);
    case "referee":
      return line(h.referee[event.signal]);
    case "announcement":
      return line(i18n.text(event.text));
    case "ground":
      return { ...line(h.ground[event.place][event.state]!(localCode(event.code))), about: `${event.place} ${event.code}` };
    case "replay":
      return line(h.replay);
  }
}
