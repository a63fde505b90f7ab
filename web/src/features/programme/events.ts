/** Published events and their offers. */
import { answered, type Answer } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { EventListing, EventInfo, OfferSummary } from "../../shared/api/words";

export const events = (): Promise<Answer<EventListing>> => answered<EventListing>(api.GET("/api/events"));

export const event = (id: string): Promise<Answer<EventInfo>> =>
  answered<EventInfo>(api.GET("/api/events/{event_id}", { params: { path: { event_id: id } } }));

/** The lowest price and the free places, by event. */
export async function offers(): Promise<ReadonlyMap<string, OfferSummary>> {
  const answer = await answered<OfferSummary[]>(api.GET("/api/offers"));
  return new Map(answer.ok ? answer.data.map((line) => [line.event_id, line]) : []);
}
