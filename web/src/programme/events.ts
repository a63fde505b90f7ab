/** What is on, as the server tells it. */
import { answered, type Answer } from "../api/answer";
import { api } from "../api/client";
import type { Board, EventInfo, OfferLine } from "../api/words";

export const events = (): Promise<Answer<Board>> => answered<Board>(api.GET("/api/events"));

export const event = (id: string): Promise<Answer<EventInfo>> =>
  answered<EventInfo>(api.GET("/api/events/{event_id}", { params: { path: { event_id: id } } }));

/** From which price and how many places are free, by event. */
export async function offers(): Promise<ReadonlyMap<string, OfferLine>> {
  const answer = await answered<OfferLine[]>(api.GET("/api/offers"));
  return new Map(answer.ok ? answer.data.map((line) => [line.event_id, line]) : []);
}
