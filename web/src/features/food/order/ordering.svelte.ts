/** Sends a basket as an order. A retry keeps its id, so that it is one order; a full outlet is answered with alternatives. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { newId } from "../../../shared/runtime/ids";
import { storage } from "../../../shared/runtime/storage";
import { isEnd } from "../../wallet/requests";
import type { BasketLine } from "../rules/pricing";
import type { Alternative, Order, OrderRequest } from "./types";
import { orderContents } from "./orders.svelte";

type OrderDraft = Omit<OrderRequest, "id">;
const KEY = "food.wish";

/** Return the request to send: the unanswered one if its content is the same, otherwise a new one. */
export function requestFor(open: OrderRequest | null, draft: OrderDraft, make = newId): OrderRequest {
  if (open) {
    const { id, ...previous } = open;
    if (JSON.stringify(previous) === JSON.stringify(draft)) return { ...draft, id };
  }
  return { ...draft, id: make() };
}

export class Ordering {
  busy = $state(false);
  refusal = $state.raw<Problem | null>(null);
  /** Other outlets that can make the same basket, with their times. */
  alternatives = $state.raw<Alternative[] | null>(null);

  /** Return the order, or null if it was refused; the reason is in `refusal`. */
  async place(draft: OrderDraft, walking_s: number | null): Promise<Order | null> {
    if (this.busy) return null;
    const request = requestFor(storage.read<OrderRequest>(KEY), draft);
    storage.write(KEY, request);
    [this.busy, this.refusal] = [true, null];
    const answer = await answered<Order>(api.POST("/api/food/orders", { body: request }));
    this.busy = false;
    if (answer.ok || isEnd(answer.problem)) storage.write(KEY, null);
    if (answer.ok) {
      await orderContents.keep(request.id, { lines: request.lines as BasketLine[], walking_s });
      return answer.data;
    }
    this.refusal = answer.problem;
    if (answer.problem.code === "outlet_full") this.alternatives = (answer.problem.data.next as Alternative[] | undefined) ?? [];
    return null;
  }

  forget(): void {
    [this.refusal, this.alternatives] = [null, null];
  }
}
