/** A fan's food orders: stored ones first, then those of the server, updated by the event stream. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { follow } from "../../../shared/api/stream";
import { keep } from "../../../shared/runtime/keep";
import type { BasketLine } from "../rules/pricing";
import type { Order } from "./types";

interface Stored {
  owner: string;
  at: string;
  order: Order;
}

const OPEN: readonly Order["state"][] = ["placed", "accepted", "ready"];
export const isOpen = ({ state }: Order): boolean => OPEN.includes(state);

const key = (id: string): string => `food:${id}`;

async function keepOrder(owner: string, order: Order, at: string): Promise<void> {
  await keep.put(key(order.id), { owner, at, order } satisfies Stored);
}

/** An order shown on a screen, kept up to date. */
export class Followed {
  order = $state.raw<Order | null>(null);
  /** Time of the last answer of the server. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  #latest = 0;

  constructor(
    private readonly owner: string,
    private readonly id: string,
  ) {}

  async load(): Promise<void> {
    const request = (this.#latest += 1);
    if (!this.order) {
      const stored = await keep.get<Stored>(key(this.id));
      if (stored?.owner === this.owner && !this.order) [this.order, this.at] = [stored.order, stored.at];
    }
    const answer = await answered<Order>(api.GET("/api/food/orders/{order_id}", { params: { path: { order_id: this.id } } }));
    if (request !== this.#latest) return;
    if (answer.ok) await this.take(answer.data);
    else this.problem = answer.problem;
  }

  /** Store the server's version. */
  async take(order: Order): Promise<void> {
    this.#latest += 1;
    [this.order, this.at, this.problem] = [order, new Date().toISOString(), null];
    await keepOrder(this.owner, order, this.at);
  }

  /** Reload on each event about this person's orders. Returns a function that stops it. */
  watch(): () => void {
    return follow("food_orders", this.owner, null, () => void this.load());
  }
}

/** Open and past orders, latest first. */
export class MyOrders {
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
    const stored = await keep.get<{ owner: string; ids: string[] }>("food");
    if (stored?.owner !== this.owner || this.list.length) return;
    const known = await Promise.all(stored.ids.map((id) => keep.get<Stored>(key(id))));
    this.list = known.flatMap((stored) => (stored ? [stored.order] : []));
  }

  watch(): () => void {
    return follow("food_orders", this.owner, null, () => void this.load());
  }
}

/** Lines of an order placed on this phone, for ordering again, and the walk to its outlet. */
export interface OrderContents {
  lines: readonly BasketLine[];
  walking_s: number | null;
}
export const orderContents = {
  keep: (id: string, contents: OrderContents): Promise<unknown> => keep.put(`food-wish:${id}`, contents),
  of: (id: string): Promise<OrderContents | undefined> => keep.get<OrderContents>(`food-wish:${id}`),
};
