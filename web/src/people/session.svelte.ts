/** Who is signed in on this browser; remembered, so that tickets have their owner's name without a network. */
import { answered, type Answer } from "../api/answer";
import { api } from "../api/client";
import type { Me } from "../api/words";
import type { Locale } from "../i18n/i18n.svelte";
import { storage } from "../kernel/storage";

/** Somebody who is signed in. */
export interface Person {
  id: string;
  email: string;
  name: string | null;
  locale: Locale;
  staff: boolean;
}

function person(me: Me): Person | null {
  if (!me.id || !me.email) return null;
  return { id: me.id, email: me.email, name: me.name, locale: me.locale ?? "fr", staff: me.kind === "staff" };
}

class Session {
  me = $state.raw<Person | null>(storage.read<Person>("me"));

  async refresh(): Promise<void> {
    if (!this.me) return;
    const answer = await answered<Me>(api.GET("/api/me"));
    if (answer.ok) this.keep(person(answer.data));
  }

  /** Signed in just now. */
  enter(me: Me): Person | null {
    this.keep(person(me));
    return this.me;
  }

  keep(me: Person | null): void {
    this.me = me;
    storage.write("me", me);
  }

  async signOut(): Promise<Answer<unknown>> {
    const answer = await answered(api.DELETE("/api/session"));
    if (answer.ok || answer.problem.status === 401) this.keep(null);
    return answer;
  }
}

export const session = new Session();
