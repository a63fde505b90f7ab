/** A place of an incident in words. */
import type { Words } from "$messages/en/web/control";
import type { IncidentPlace } from "./call";

export function placeText(place: IncidentPlace | null, w: Words): string {
  if (place === null) return w.noPlace;
  if (place.by === "seat") return w.seat(place.block, place.row, place.seat);
  return place.by === "zone" ? w.zone(place.zone) : w.point;
}
