/** The gate's words: a bundle of their own, fetched with the gate, both languages kept on its device. */
import type { access } from "../i18n/en/access";
import { i18n, type Locale } from "../i18n/i18n.svelte";

export type Words = typeof access;

const LOADERS: Record<Locale, () => Promise<{ access: Words }>> = {
  fr: () => import("../i18n/fr/access"),
  en: () => import("../i18n/en/access"),
};

class GateWords {
  #words = $state.raw<Words | null>(null);
  #locale: Locale | null = null;

  get w(): Words {
    return this.#words!;
  }

  async use(locale: Locale): Promise<void> {
    if (this.#locale === locale) return;
    const { access } = await LOADERS[locale]();
    this.#locale = locale;
    this.#words = access;
  }

  time(at: number): string {
    return i18n.time(new Date(at).toISOString());
  }

  moment(at: number): string {
    return i18n.moment(new Date(at).toISOString());
  }
}

export const words = new GateWords();
