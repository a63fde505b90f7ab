/** Messages that only some screens need: a bundle of their own, fetched with those screens, one language at a time. */
import { byTag, type Locale } from "./i18n.svelte";

export class Bundle<Words> {
  #words = $state.raw<Words | null>(null);
  #locale: Locale | null = null;
  /** The language that was asked for last: messages that arrive later in another language are dropped. */
  #wanted: Locale | null = null;
  readonly #loaders: Record<Locale, () => Promise<Words>>;

  /** `files`: a module in each language, `import.meta.glob("$messages/*\/web/name.ts", { import: "name" })`. */
  constructor(files: Record<string, () => Promise<Words>>) {
    this.#loaders = byTag(files);
  }

  /** The messages; a screen calls `use` before it is shown. */
  get w(): Words {
    return this.#words!;
  }

  /** The messages in each of these languages: what is sent to many people goes out in all of them at once. */
  async every(languages: readonly Locale[]): Promise<Record<Locale, Words>> {
    return Object.fromEntries(await Promise.all(languages.map(async (language) => [language, await this.#loaders[language]!()] as const)));
  }

  async use(locale: Locale): Promise<void> {
    this.#wanted = locale;
    if (this.#locale === locale) return;
    const words = await this.#loaders[locale]!();
    if (this.#wanted !== locale) return;
    this.#locale = locale;
    this.#words = words;
  }
}
