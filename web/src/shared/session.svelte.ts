/** The signed-in person of this browser; stored, so that tickets show their owner's name offline. */
import { answered, type Answer } from "./api/answer";
import { api } from "./api/client";
import type { Me } from "./api/words";
import { chosen, i18n, type Locale } from "./i18n/i18n.svelte";
import { storage } from "./runtime/storage";

/** A signed-in person. */
export interface Person {
  id: string;
  email: string;
  name: string | null;
  locale: Locale;
  staff: boolean;
  /** Whether they can confirm by passkey. */
  passkey: boolean;
  /** Whether they sign in through the identity provider of the staff. */
  sso: boolean;
  /** When a code sent by email signs in again without the passkey. */
  recoveryReadyAt?: string | null;
}

function person(me: Me): Person | null {
  if (!me.id || !me.email) return null;
  return { id: me.id, email: me.email, name: me.name, locale: me.locale ?? i18n.locale, staff: me.kind === "staff", passkey: me.has_passkey === true, sso: me.sso === true, recoveryReadyAt: me.recovery_ready_at };
}

class Session {
  me = $state.raw<Person | null>(storage.read<Person>("me"));

  /** Fetch the signed-in person. `arriving`: also without a stored person, as after single sign-on. */
  async refresh(arriving = false): Promise<void> {
    if (!this.me && !arriving) return;
    const answer = await answered<Me>(api.GET("/api/me"));
    if (answer.ok) this.keep(person(answer.data));
  }

  /** After a sign-in, a language chosen before becomes the account's. */
  enter(me: Me): Person | null {
    this.keep(person(me));
    const locale = chosen();
    if (locale) void this.#write(locale);
    return this.me;
  }

  /** Set the language of the screens in this browser and of emails to a signed-in person. */
  async speak(locale: Locale): Promise<void> {
    await i18n.use(locale, true);
    await this.#write(locale);
  }

  async #write(locale: Locale): Promise<void> {
    if (!this.me || this.me.locale === locale) return;
    const answer = await answered(api.PATCH("/api/me", { body: { locale } }));
    if (answer.ok && this.me) this.keep({ ...this.me, locale });
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
