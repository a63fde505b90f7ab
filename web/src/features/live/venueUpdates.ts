/** Venue updates that concern a fan: gates of their tickets, outlets of their stands. */
import type { Geometry, Label } from "../../shared/api/words";
import type { MatchEvent } from "./feed";

type Ground = Extract<MatchEvent, { kind: "ground" }>;

/** Without tickets, or before the venue's geometry is loaded, no update concerns the fan. */
export function concerns(news: Ground, labels: readonly Label[], ground: Geometry | null): boolean {
  if (!ground) return false;
  if (news.place === "gate") return ground.gates.some(({ code, group }) => code === news.code && labels.some(({ gate_group }) => gate_group === group));
  const stands = new Set(ground.stands.filter(({ name }) => labels.some(({ stand }) => stand === name)).map(({ code }) => code));
  return ground.outlets.some(({ code, stand }) => code === news.code && stands.has(stand));
}
