/** The steward of the phone and their events; without network, those that were read last. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { router } from "../../../shared/runtime/router.svelte";
import { session } from "../../../shared/session.svelte";
import { StaffMember } from "../../../shared/staffMember.svelte";
import { storage } from "./storage";

export type DutyEvent = components["schemas"]["DutyEvent"];

class Steward extends StaffMember {
  events = $state.raw<readonly DutyEvent[]>([]);
  /** The account of the phone, also without network. */
  person = $state<string | null>(null);
  /** The steward asked for another event than the next one. */
  choosing = $state(false);
  readonly event = $derived(this.events.find(({ id }) => id === router.query.get("event")) ?? (this.choosing ? undefined : this.events[0]));

  override async arrive(): Promise<void> {
    await super.arrive();
    if (!this.problem || (this.problem.status !== 0 && this.problem.status < 500) || !session.me?.staff) return;
    const stored = await storage.state<DutyEvent[]>(`events:${session.me.id}`);
    if (stored) [this.events, this.person, this.problem] = [stored, session.me.id, null];
  }

  protected async prepare(): Promise<void> {
    this.person = this.me?.kind === "staff" ? this.me.id : null;
    if (!this.person) return;
    const answer = await answered<DutyEvent[]>(api.GET("/api/safety/events"));
    if (!answer.ok) return void (this.problem = answer.problem);
    this.events = answer.data;
    await storage.keepState(`events:${this.person}`, answer.data);
  }
}

export const steward = new Steward();
