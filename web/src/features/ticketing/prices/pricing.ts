/** Loads and saves the pricing of an event. */
import { answered, type Answer } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Pricing, PricingAnswer } from "../../../shared/office/types";

const NOTHING = { categories: [], blocks: {}, areas: [] };

export async function loadPricing(id: string): Promise<Answer<Pricing>> {
  const params = { path: { event_id: id } };
  const answer = await answered<PricingAnswer>(api.GET("/api/office/events/{event_id}/pricing", { params }));
  return answer.ok ? { ...answer, data: { ...NOTHING, ...answer.data } } : answer;
}
