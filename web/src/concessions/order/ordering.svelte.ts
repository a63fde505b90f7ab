/** From the basket to the order: one id for one wish, however often it is sent; a full outlet's basket goes to another one. */
import { answered, type Problem } from "../../api/answer";
import { api } from "../../api/client";
import { newId } from "../../kernel/ids";
import { storage } from "../../kernel/storage";
import { isEnd } from "../../wallet/requests";
import type { BasketLine } from "../rules/pricing";
import type { Next, Order, Wish } from "./types";
import { wishes } from "./orders.svelte";

type Asked = Omit<Wish, "id">;
const KEY = "food.wish";

/** The wish to send: the one that was sent without an answer, if it is the same, else a new one. */
export function wishFor(open: Wish | null, asked: Asked, make = newId): Wish {
  if (open) {
    const { id, ...before } = open;
    if (JSON.stringify(before) === JSON.stringify(asked)) return { ...asked, id };
  }
  return { ...asked, id: make() };
}

export class Ordering {
  busy = $state(false);
  refusal = $state.raw<Problem | null>(null);
  /** Where else the same basket can be had, and when. */
  next = $state.raw<Next[] | null>(null);

  /** The order, or null where it came to nothing; why is in `refusal`. */
  async place(asked: Asked, walking_s: number | null): Promise<Order | null> {
    if (this.busy) return null;
    const wish = wishFor(storage.read<Wish>(KEY), asked);
    storage.write(KEY, wish);
    [this.busy, this.refusal] = [true, null];
    const answer = await answered<Order>(api.POST("/api/food/orders", { body: wish }));
    this.busy = false;
    if (answer.ok || isEnd(answer.problem)) storage.write(KEY, null);
    if (answer.ok) {
      await wishes.keep(wish.id, { lines: wish.lines as BasketLine[], walking_s });
      return answer.data;
    }
    this.refusal = answer.problem;
    if (answer.problem.code === "outlet_full") this.next = (answer.problem.data.next as Next[] | undefined) ?? [];
    return null;
  }

  forget(): void {
    [this.refusal, this.next] = [null, null];
  }
}
