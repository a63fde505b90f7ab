/** A fan's food orders: from this phone at once, from the server when it answers, followed by the one stream. */
import { answered, type Problem } from "../../api/answer";
import { api } from "../../api/client";
import { follow } from "../../api/stream";
import { keep } from "../../kernel/keep";
import type { BasketLine } from "../rules/pricing";
import type { Order } from "./types";

interface Kept {
  owner: string;
  at: string;
  order: Order;
}

const OPEN: readonly Order["state"][] = ["placed", "accepted", "ready"];
export const isOpen = ({ state }: Order): boolean => OPEN.includes(state);

const key = (id: string): string => `food:${id}`;

async function keepOrder(owner: string, order: Order, at: string): Promise<void> {
  await keep.put(key(order.id), { owner, at, order } satisfies Kept);
}

/** One order, for as long as a screen shows it. */
export class Followed {
  order = $state.raw<Order | null>(null);
  /** When it was last told by the server. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  #turn = 0;

  constructor(
    private readonly owner: string,
    private readonly id: string,
  ) {}

  async load(): Promise<void> {
    const turn = (this.#turn += 1);
    if (!this.order) {
      const kept = await keep.get<Kept>(key(this.id));
      if (kept?.owner === this.owner && !this.order) [this.order, this.at] = [kept.order, kept.at];
    }
    const answer = await answered<Order>(api.GET("/api/food/orders/{order_id}", { params: { path: { order_id: this.id } } }));
    if (turn !== this.#turn) return;
    if (answer.ok) await this.take(answer.data);
    else this.problem = answer.problem;
  }

  /** As the server has it now. */
  async take(order: Order): Promise<void> {
    this.#turn += 1;
    [this.order, this.at, this.problem] = [order, new Date().toISOString(), null];
    await keepOrder(this.owner, order, this.at);
  }

  /** Look again whenever something happens to an order of this person. Returns the way to stop. */
  watch(): () => void {
    return follow(`food_orders:${this.owner}`, null, () => void this.load());
  }
}

/** What is on its way, and what was, the latest first. */
export class Mine {
  list = $state.raw<Order[]>([]);

  constructor(private readonly owner: string) {}

  async load(): Promise<void> {
    const answer = await answered<Order[]>(api.GET("/api/food/orders"));
    if (answer.ok) {
      this.list = answer.data;
      await keep.put("food", { owner: this.owner, ids: answer.data.filter(isOpen).map(({ id }) => id) });
      for (const order of answer.data.filter(isOpen)) await keepOrder(this.owner, order, new Date().toISOString());
      return;
    }
    const kept = await keep.get<{ owner: string; ids: string[] }>("food");
    if (kept?.owner !== this.owner || this.list.length) return;
    const known = await Promise.all(kept.ids.map((id) => keep.get<Kept>(key(id))));
    this.list = known.flatMap((one) => (one ? [one.order] : []));
  }

  watch(): () => void {
    return follow(`food_orders:${this.owner}`, null, () => void this.load());
  }
}

/** What an order was made of on this phone: for ordering the same again, and how far the fan was from the outlet. */
export interface Before {
  lines: readonly BasketLine[];
  walking_s: number | null;
}
export const wishes = {
  keep: (id: string, before: Before): Promise<unknown> => keep.put(`food-wish:${id}`, before),
  of: (id: string): Promise<Before | undefined> => keep.get<Before>(`food-wish:${id}`),
};
