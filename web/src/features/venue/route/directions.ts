/** A route in words: one short sentence per leg, in the reader's language. */
import type { Entrance, Label, Leg } from "../../../shared/api/words";
import type { Messages } from "$messages/en/web/index";
import type { IconName } from "../../../shared/ui/Icon.svelte";

export interface Direction {
  icon: IconName;
  text: string;
  /** Metres to walk, 0 if not shown. */
  metres: number;
}

const ICONS: Record<Leg["kind"], IconName> = { level: "arrow", ramp: "arrow", stairs: "stairs", lift: "lift", row: "pin" };

export function directions(route: Entrance["route"], ramp: string, label: Label, m: Messages["route"]): Direction[] {
  return route.legs.map((leg) => ({ icon: icon(leg), text: sentence(words(leg, ramp, label, m)), metres: leg.kind === "lift" ? 0 : leg.metres }));
}

/** The rest of a route from its gate on. */
export function afterGate(route: Entrance["route"], gate: string): Entrance["route"] {
  const legs = route.legs.slice(1 + route.legs.findIndex((leg) => leg.to === gate));
  const sum = (measure: (leg: Leg) => number): number => legs.reduce((total, leg) => total + measure(leg), 0);
  const steps = sum((leg) => Math.abs(leg.steps ?? 0));
  return { legs, metres: sum((leg) => leg.metres), seconds: sum((leg) => leg.seconds), steps, step_free: steps === 0 };
}

/** The name in a code: `gate:A1` is A1, `lift-N-1` is N1. */
export function nameOf(code: string): string {
  return code.startsWith("lift-") ? code.slice(5).replace("-", "") : code.slice(code.indexOf(":") + 1);
}

function icon(leg: Leg): IconName {
  if (leg.kind !== "level") return ICONS[leg.kind];
  return leg.turn === "left" ? "left" : leg.turn === "right" ? "right" : "arrow";
}

function words(leg: Leg, ramp: string, label: Label, m: Messages["route"]): string {
  const floor = m.floor[leg.to_floor] ?? leg.to_floor;
  const steps = Math.abs(leg.steps ?? 0);
  const up = (leg.steps ?? 0) > 0;
  switch (leg.kind) {
    case "ramp":
      return leg.to_floor === "pitch" || leg.floor === "pitch" ? m.tunnel : m.ramp(nameOf(ramp));
    case "stairs":
      return leg.to === "row" ? m.toRow(up, steps, label.row ?? "") : m.stairs(nameOf(leg.to), up, steps, floor);
    case "lift":
      return m.lift(nameOf(leg.to), floor);
    case "row":
      return m.toSeat(label.row ?? "", String(label.seat ?? ""));
    case "level":
      return m.walkTo(m.turn[leg.turn ?? ""]!, placeOf(leg.to, m));
  }
}

function placeOf(code: string, m: Messages["route"]): string {
  const name = nameOf(code);
  if (code.startsWith("gate:")) return m.places.gate(name);
  if (code.startsWith("stairs:")) return m.places.stairs(name);
  if (code.startsWith("lift-")) return m.places.lift(name);
  if (code.startsWith("block:")) return m.places.block(name);
  if (code.startsWith("platform:")) return m.places.platform(name);
  return code.startsWith("area:") ? m.places.area : m.places.other;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
