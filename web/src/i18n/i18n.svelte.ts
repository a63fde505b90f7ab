/** The words of the screens, by locale; one locale's messages are fetched, and Intl writes money, dates and numbers. */
import { storage } from "../kernel/storage";
import type { Messages } from "./en";

export type Locale = "fr" | "en";
export const LOCALES: readonly Locale[] = ["fr", "en"];
const LOADERS: Record<Locale, () => Promise<{ messages: Messages }>> = {
  fr: () => import("./fr"),
  en: () => import("./en"),
};

/** The language chosen on this browser, else the profile's, else the browser's, else the club's. */
export function preferred(club: string): Locale {
  const chosen = storage.read<Locale>("locale");
  const profile = storage.read<{ locale: Locale }>("me")?.locale;
  const wanted = [chosen, profile, ...navigator.languages.map((tag) => tag.slice(0, 2)), club];
  return (wanted.find((tag) => LOCALES.includes(tag as Locale)) as Locale | undefined) ?? "fr";
}

class I18n {
  locale = $state<Locale>("fr");
  messages = $state.raw<Messages | null>(null);
  currency = $state("EUR");
  readonly #money = $derived(new Intl.NumberFormat(this.tag, { style: "currency", currency: this.currency }));
  readonly #round = $derived(
    new Intl.NumberFormat(this.tag, { style: "currency", currency: this.currency, maximumFractionDigits: 0 }),
  );
  readonly #number = $derived(new Intl.NumberFormat(this.tag));

  get tag(): string {
    return this.locale === "fr" ? "fr-FR" : "en-GB";
  }

  get m(): Messages {
    return this.messages!;
  }

  async use(locale: Locale, keep = false): Promise<void> {
    const { messages } = await LOADERS[locale]();
    this.locale = locale;
    this.messages = messages;
    document.documentElement.lang = locale;
    if (keep) storage.write("locale", locale);
  }

  /** Cents as money; whole amounts without their zeros. */
  money(cents: number): string {
    return (cents % 100 === 0 ? this.#round : this.#money).format(cents / 100);
  }

  /** Cents as money, always to the cent: for sums under each other. */
  exact(cents: number): string {
    return this.#money.format(cents / 100);
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  date(iso: string, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(this.tag, { timeZone: "Europe/Paris", ...options }).format(new Date(iso));
  }

  day(iso: string): string {
    return this.date(iso, { weekday: "long", day: "numeric", month: "long" });
  }

  time(iso: string): string {
    return this.date(iso, { hour: "2-digit", minute: "2-digit" });
  }

  moment(iso: string): string {
    return this.date(iso, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  }

  /** The text of a {fr, en} field in the locale, or in the other one. */
  text(field: Record<string, string> | { fr: string; en: string } | string | null | undefined): string {
    if (!field) return "";
    if (typeof field === "string") return field;
    const words: Record<string, string> = field;
    return words[this.locale] || words.fr || words.en || "";
  }
}

export const i18n = new I18n();
