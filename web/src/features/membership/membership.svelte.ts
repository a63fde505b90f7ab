/** This fan's memberships: cached at once, then from the server; and a payment until its result. */
import { answered, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { Membership, PublicTier } from "../../shared/api/words";
import { newId } from "../../shared/runtime/ids";
import { keep } from "../../shared/runtime/keep";
import { session } from "../../shared/session.svelte";

interface JoinAnswer {
  membership: Membership;
  payment_url: string | null;
}

interface Stored {
  owner: string;
  memberships: Membership[];
}

const PAUSE_FIRST_MS = 700;
const PAUSE_MAX_MS = 8000;
const GROWTH = 1.4;
/** Polls, a quarter of a minute, before the page says that it takes long. */
const SLOW_AFTER_POLLS = 6;

export class Memberships {
  /** The latest term first; null until they are known. */
  list = $state.raw<Membership[] | null>(null);
  tiers = $state.raw<PublicTier[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The membership whose payment is being confirmed, or was. */
  joined = $state<string | null>(null);
  slow = $state(false);
  busy = $state<string | null>(null);
  refusal = $state.raw<Problem | null>(null);
  #turn = 0;

  async load(): Promise<void> {
    const me = session.me?.id;
    const tiers = answered<PublicTier[]>(api.GET("/api/membership/tiers"));
    if (me) {
      const stored = await keep.get<Stored>("memberships");
      if (!this.list && stored?.owner === me) this.list = stored.memberships;
      await this.#refresh();
    }
    const open = await tiers;
    if (open.ok) this.tiers = open.data;
    else if (!this.list) this.problem = open.problem;
  }

  /** The membership of a tier's term, if there is one that counts. */
  heldFor(tier: PublicTier): Membership | undefined {
    return this.list?.find(
      (own) => own.organiser_id === tier.organiser_id && own.state === "active" && own.starts_on <= tier.ends_on && tier.starts_on <= own.ends_on,
    );
  }

  /** Join a tier: the provider's page, or at once where it is free. A running payment is continued. */
  join(tierId: string): Promise<void> {
    return this.#ask(tierId, (ids) => api.POST("/api/membership", { body: { ...ids, tier_id: tierId } }));
  }

  /** Change a membership to a higher tier of its term at the price that is shown. A running payment is continued. */
  upgrade(membershipId: string, tierId: string, price: number): Promise<void> {
    const params = { path: { membership_id: membershipId } };
    return this.#ask(tierId, (ids) =>
      api.POST("/api/membership/{membership_id}/upgrade", { params, body: { ...ids, tier_id: tierId, price_cents: price } }),
    );
  }

  async #ask(tierId: string, send: (ids: { id: string; payment_id: string }) => Parameters<typeof answered<JoinAnswer>>[0]): Promise<void> {
    if (this.busy) return;
    [this.busy, this.refusal] = [tierId, null];
    const answer = await answered<JoinAnswer>(send({ id: newId(), payment_id: newId() }));
    if (answer.ok && answer.data.payment_url) return location.assign(answer.data.payment_url);
    this.busy = null;
    if (answer.ok) this.joined = answer.data.membership.id;
    else this.refusal = answer.problem;
    if (answer.ok || answer.problem.status === 409) await this.load();
  }

  /** After the provider's page: wait for the money. */
  async follow(id: string): Promise<void> {
    const turn = (this.#turn += 1);
    this.joined = id;
    for (let attempt = 1, pause = PAUSE_FIRST_MS; turn === this.#turn; attempt += 1, pause = Math.min(pause * GROWTH, PAUSE_MAX_MS)) {
      await this.#refresh();
      if (turn !== this.#turn || this.list?.find((own) => own.id === id)?.state !== "paying") return;
      this.slow = attempt >= SLOW_AFTER_POLLS;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  stop(): void {
    this.#turn += 1;
  }

  async #refresh(): Promise<void> {
    const me = session.me?.id;
    const answer = await answered<Membership[]>(api.GET("/api/membership"));
    if (me !== session.me?.id) return;
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.list = answer.data;
    await keep.put("memberships", { owner: me ?? "", memberships: answer.data } satisfies Stored);
  }
}
