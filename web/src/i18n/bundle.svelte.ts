/** Words that only some screens need: a bundle of their own, fetched with those screens, one locale at a time. */
import type { Locale } from "./i18n.svelte";

export class Bundle<Words> {
  #words = $state.raw<Words | null>(null);
  #locale: Locale | null = null;

  constructor(private readonly loaders: Record<Locale, () => Promise<Words>>) {}

  /** The words; whoever shows a screen has called `use` before. */
  get w(): Words {
    return this.#words!;
  }

  async use(locale: Locale): Promise<void> {
    if (this.#locale === locale) return;
    const words = await this.loaders[locale]();
    this.#locale = locale;
    this.#words = words;
  }
}
