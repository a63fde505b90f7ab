/** The fan's own cards: the stored copy first, then the server's. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { MyCard } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import type { Message } from "./tap";

interface Kept {
  owner: string;
  list: MyCard[];
}
type Asked = Parameters<typeof answered<unknown>>[0];

export class MyCards {
  list = $state.raw<MyCard[] | null>(null);
  problem = $state.raw<Problem | null>(null);

  constructor(private readonly owner: string) {}

  async load(): Promise<void> {
    const kept = await keep.get<Kept>("cards"); // before reading anything: the effect must not depend on the list
    if (kept?.owner === this.owner) this.list ??= kept.list;
    const answer = await answered<MyCard[]>(api.GET("/api/me/cards"));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.list = answer.data;
    await keep.put("cards", { owner: this.owner, list: answer.data } satisfies Kept);
  }

  /** The card proved by a tap and its printed code; the caller shows a problem. */
  async link(tap: Message, code: string, label: string): Promise<MyCard | Problem> {
    const body = { tap, code, label: label.trim() || null };
    const answer = await answered<MyCard>(api.POST("/api/me/cards", { body }));
    if (!answer.ok) return answer.problem;
    await this.load();
    return answer.data;
  }

  block(id: string): Promise<Problem | null> {
    return this.#done(api.PUT("/api/me/cards/{card_id}/block", { params: { path: { card_id: id } } }));
  }

  unblock(id: string): Promise<Problem | null> {
    return this.#done(api.DELETE("/api/me/cards/{card_id}/block", { params: { path: { card_id: id } } }));
  }

  limit(id: string, cents: number | null): Promise<Problem | null> {
    const body = { daily_limit_cents: cents };
    return this.#done(api.PUT("/api/me/cards/{card_id}/daily-limit", { params: { path: { card_id: id } }, body }));
  }

  pin(id: string, pin: string): Promise<Problem | null> {
    return this.#done(api.PUT("/api/me/cards/{card_id}/pin", { params: { path: { card_id: id } }, body: { pin } }));
  }

  async #done(call: Asked): Promise<Problem | null> {
    const answer = await answered(call);
    if (answer.ok) await this.load();
    return answer.ok ? null : answer.problem;
  }
}
