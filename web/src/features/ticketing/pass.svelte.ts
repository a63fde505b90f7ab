/** The entry code of a ticket on this phone: bound once online, then generated locally every 30 seconds. */
import { answered, type Answer, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { BoundPass, Ticket } from "../../shared/api/words";
import type { PublicJwk } from "../../shared/passes/holder";
import { clock } from "../../shared/runtime/clock.svelte";
import { boundPass, forgetPass, keepPass, tickets } from "./tickets.svelte";

export type Stage = "looking" | "early" | "offer" | "working" | "showing" | "elsewhere" | "paper" | "over" | "unable";

export class PassOnPhone {
  stage = $state<Stage>("looking");
  problem = $state.raw<Problem | null>(null);
  bound = $state.raw<BoundPass | null>(null);
  #ticket: Ticket;

  constructor(ticket: Ticket) {
    this.#ticket = ticket;
  }

  /** Compares the server's state of the ticket with the pass on this phone. */
  async look(ticket: Ticket, eager: boolean): Promise<void> {
    this.#ticket = ticket;
    const state = ticket.pass;
    if (ticket.refunded || ticket.event.cancelled || state?.revoked || !state) return void (this.stage = "over");
    if (state.form === "paper") return void (this.stage = "paper");
    const { holderPublicJwk } = await import("../../shared/passes/holder");
    const [bound, key] = await Promise.all([boundPass(ticket.id), holderPublicJwk(ticket.id).catch(() => null)]);
    if (bound && key && bound.generation >= state.generation) return this.#show(bound);
    if (clock.now() < Date.parse(state.opens_at)) return void (this.stage = "early");
    if (state.form === "phone" && !key) return void (this.stage = "elsewhere");
    this.stage = "offer";
    if (eager || state.form === "phone") await this.bind();
  }

  /** Creates the holder key and binds the ticket to it; a repeated key gets the same pass. */
  async bind(): Promise<void> {
    const key = await this.#key();
    if (!key) return;
    const params = { path: { ticket_id: this.#ticket.id } };
    await this.#receive(await answered<BoundPass>(api.POST("/api/tickets/{ticket_id}/pass", { params, body: { key } })));
  }

  async move(code: string): Promise<boolean> {
    const key = await this.#key(true);
    if (!key) return false;
    const params = { path: { ticket_id: this.#ticket.id } };
    const answer = await answered<BoundPass>(api.POST("/api/tickets/{ticket_id}/rebind", { params, body: { code, key } }));
    if (answer.ok) await this.#receive(answer);
    else this.problem = answer.problem;
    return answer.ok;
  }

  sendCode(): Promise<Answer<unknown>> {
    return answered(api.POST("/api/tickets/{ticket_id}/rebind-code", { params: { path: { ticket_id: this.#ticket.id } } }));
  }

  async print(): Promise<Answer<Blob>> {
    const params = { path: { ticket_id: this.#ticket.id } };
    const answer = await answered<Blob>(api.POST("/api/tickets/{ticket_id}/paper", { params, parseAs: "blob" }));
    if (!answer.ok) return answer;
    await forgetPass(this.#ticket.id);
    const { pass } = this.#ticket;
    if (pass) await tickets.change(this.#ticket.id, { pass: { ...pass, form: "paper", generation: pass.generation + 1 } });
    this.bound = null;
    this.stage = "paper";
    return answer;
  }

  /** The key is missing or belongs to another binding: rebinding needs a code by email. */
  lose(): void {
    this.bound = null;
    this.stage = "elsewhere";
  }

  async #key(quiet = false): Promise<PublicJwk | null> {
    if (!quiet) this.stage = "working";
    this.problem = null;
    try {
      const { createHolderKey } = await import("../../shared/passes/holder");
      return await createHolderKey(this.#ticket.id);
    } catch {
      this.stage = "unable";
      return null;
    }
  }

  async #receive(answer: Answer<BoundPass>): Promise<void> {
    if (answer.ok) {
      await keepPass(this.#ticket.id, answer.data);
      const { pass } = this.#ticket;
      const { generation, rebinds_left } = answer.data;
      if (pass) await tickets.change(this.#ticket.id, { pass: { ...pass, form: "phone", generation, rebinds_left } });
      return this.#show(answer.data);
    }
    const { code } = answer.problem;
    if (code === "pass_bound_to_another_phone") this.stage = "elsewhere";
    else if (code === "pass_printed") this.stage = "paper";
    else if (code === "pass_not_open_yet") this.stage = "early";
    else {
      this.problem = answer.problem;
      this.stage = "offer";
    }
  }

  #show(bound: BoundPass): void {
    this.bound = bound;
    this.problem = null;
    this.stage = "showing";
  }
}
