/** Rule for automatic top-ups of a fan, and the stored bank card. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { AutoTopUp, AutoTopUpAnswer } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { newId } from "../../../shared/runtime/ids";
import { storage } from "../../../shared/runtime/storage";

export interface Amounts {
  below_cents: number;
  add_cents: number;
  day_max_cents: number;
}

interface Kept {
  owner: string;
  rule: AutoTopUp | null;
}

const PAUSE_MS = 1000;
/** Polls after the provider's page before the page says that it takes long. */
const POLLS_MAX = 20;

export class Automatic {
  rule = $state.raw<AutoTopUp | null>(null);
  known = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** Back from the provider's page: its confirmation is on the way. */
  returned = $state(false);
  #ended = false;

  constructor(private readonly owner: string) {}

  async load(): Promise<void> {
    const kept = await keep.get<Kept>("automatic");
    if (!this.known && kept?.owner === this.owner) [this.rule, this.known] = [kept.rule, true];
    const answer = await answered<AutoTopUpAnswer>(api.GET("/api/wallet/auto-top-up"));
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) this.#know(answer.data);
  }

  /** Poll until the provider has answered about the bank card. */
  async comeBack(): Promise<void> {
    this.returned = true;
    for (let attempt = 0; attempt < POLLS_MAX && !this.#ended; attempt += 1) {
      await this.load();
      if (this.known && this.rule?.state !== "waiting") break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.returned = false;
  }

  /** Save the rule; with another bank card, continue on the provider's page. */
  async save({ below_cents, add_cents, day_max_cents }: Amounts, anotherCard: boolean): Promise<Problem | null> {
    const method = anotherCard || !this.rule ? this.#newMethod() : this.rule.method_id;
    const body = { method_id: method, below_cents, add_cents, day_max_cents, consent: true };
    const answer = await answered<AutoTopUpAnswer>(api.PUT("/api/wallet/auto-top-up", { body }));
    if (!answer.ok) {
      if (["method_id_taken", "method_failed"].includes(answer.problem.code)) this.#methodEnded();
      return answer.problem;
    }
    this.#know(answer.data);
    if (answer.data.page_url) location.assign(answer.data.page_url);
    return null;
  }

  /** Open the provider's page for the charge that the bank wants to be confirmed. */
  async confirm(): Promise<Problem | null> {
    const answer = await answered<{ payment_url: string }>(api.POST("/api/wallet/auto-top-up/confirmation"));
    if (!answer.ok) {
      await this.load();
      return answer.problem;
    }
    location.assign(answer.data.payment_url);
    return null;
  }

  async end(): Promise<Problem | null> {
    const answer = await answered(api.DELETE("/api/wallet/auto-top-up"));
    if (!answer.ok) return answer.problem;
    this.#methodEnded();
    await this.load();
    return null;
  }

  stop(): void {
    this.#ended = true;
  }

  #know({ rule }: AutoTopUpAnswer): void {
    [this.rule, this.known] = [rule, true];
    void keep.put("automatic", { owner: this.owner, rule } satisfies Kept);
    if (rule && rule.state !== "waiting") this.#methodEnded();
  }

  get #key(): string {
    return `purse.method.${this.owner}`;
  }

  /** Id of a bank card to store, kept until the result is known, so that a retry stores one card. */
  #newMethod(): string {
    const id = storage.read<string>(this.#key) ?? newId();
    storage.write(this.#key, id);
    return id;
  }

  #methodEnded(): void {
    storage.write(this.#key, null);
  }
}
