/** Words that only some screens need: a bundle of their own, fetched with those screens, one locale at a time. */
import type { Locale } from "./i18n.svelte";

export class Bundle<Words> {
  #words = $state.raw<Words | null>(null);
  #locale: Locale | null = null;
  /** The language that was asked for last: words that arrive later in another language are dropped. */
  #wanted: Locale | null = null;

  constructor(private readonly loaders: Record<Locale, () => Promise<Words>>) {}

  /** The words; a screen calls `use` before it is shown. */
  get w(): Words {
    return this.#words!;
  }

  async use(locale: Locale): Promise<void> {
    this.#wanted = locale;
    if (this.#locale === locale) return;
    const words = await this.loaders[locale]();
    if (this.#wanted !== locale) return;
    this.#locale = locale;
    this.#words = words;
  }
}
