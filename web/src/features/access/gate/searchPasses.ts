/** Search for passes without a code: by seat or order code in the pack, by name on the server. */
import type { components } from "../../../shared/api/schema";
import type { Label } from "../../../shared/api/words";
import type { EventData } from "./eventData";
import { link } from "./link";
import { labelOf, parsePlace } from "./seats";

type HolderMatch = components["schemas"]["HolderMatch"];

export interface PassMatch {
  number: number;
  name: string | null;
  label: Label | null;
}
export type SearchResult = { type: "found"; passes: PassMatch[] } | { type: "offline" };

const NAME_LENGTH_MIN = 3;
const ORDER_CODE = /^[A-Z0-9]{3,}(-?[A-Z0-9]+)*$/;

export async function searchPasses(eventData: EventData, text: string, online: boolean): Promise<SearchResult> {
  const place = await parsePlace(text);
  if (place !== null) {
    const number = eventData.passAt(place);
    return { type: "found", passes: number === null ? [] : [{ number, name: null, label: await labelOf(place) }] };
  }
  const order = text.trim().toUpperCase();
  if (ORDER_CODE.test(order) && eventData.passesOf(order).length > 0) return { type: "found", passes: await matchesOfOrder(eventData, order) };
  if (!online) return { type: "offline" };
  if (text.trim().length < NAME_LENGTH_MIN) return { type: "found", passes: [] };
  const params = { path: { event_id: eventData.pack.event.id }, query: { q: text.trim() } };
  const reply = await link.ask<HolderMatch[]>((signal) => link.api.GET("/api/access/holders/{event_id}", { params, signal }));
  if (!reply.ok) return { type: "offline" };
  const passes = reply.data.map(({ pass_number, holder_name, buyer_name, place_label }) => ({
    number: pass_number,
    name: holder_name ?? buyer_name,
    label: place_label,
  }));
  return { type: "found", passes };
}

async function matchesOfOrder(eventData: EventData, order: string): Promise<PassMatch[]> {
  return Promise.all(
    eventData.passesOf(order).map(async (number) => {
      const place = eventData.placeOf(number);
      return { number, name: null, label: place === null ? null : await labelOf(place) };
    }),
  );
}
