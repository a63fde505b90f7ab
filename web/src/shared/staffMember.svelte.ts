/** The person at a screen of the staff, and their roles. */
import { answered, type Problem } from "./api/answer";
import { api } from "./api/client";
import type { Me } from "./api/words";
import { session } from "./session.svelte";

export abstract class StaffMember {
  me = $state.raw<Me | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly signedIn = $derived(this.me?.kind === "staff" || this.me?.kind === "fan");

  /** Whether a role is held somewhere, at least. */
  holds(required: string): boolean {
    return (this.me?.grants ?? []).some(({ role }) => role === required || role === "admin");
  }

  /** Load what the person of this screen needs, once they have one of its roles. */
  protected abstract prepare(): Promise<void>;

  async arrive(): Promise<void> {
    const answer = await answered<Me>(api.GET("/api/me"));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.me = answer.data;
    if (this.signedIn) session.enter(answer.data);
    await this.prepare();
  }

  async leave(): Promise<void> {
    await session.signOut();
    this.me = null;
    await this.arrive();
  }
}
