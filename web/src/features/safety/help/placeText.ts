/** A place of a request in words. */
import type { Words } from "$messages/en/web/help";
import type { components } from "../../../shared/api/schema";
import { i18n } from "../../../shared/i18n/i18n.svelte";

export type RequestPlace = components["schemas"]["HelpRequest"]["place"];

export function placeText(place: RequestPlace, w: Words): string {
  if (place.by === "words") return place.words;
  if (place.by === "zone") return w.zoneName(place.zone);
  return `${i18n.m.map.block(place.block)}, ${i18n.m.map.seat(place.row, place.seat)}`;
}
