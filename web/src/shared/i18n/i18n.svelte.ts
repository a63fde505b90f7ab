/**
 * The messages of the screens by language; only one language is fetched, and Intl writes money, dates and numbers. A
 * language is a folder of `src/virage/messages`, named by its BCP 47 tag.
 */
import { storage } from "../runtime/storage";
import { EURO, unitOf, type Currency } from "../ui/currency";
import type { Messages } from "$messages/en/web/index";

/** Time zone of a venue whose zone an answer does not name. */
export const UNNAMED_ZONE = "Europe/Paris";

/** The BCP 47 tag of an installed language. */
export type Locale = string;
interface Language {
  /** Its name in itself. */
  name: string;
  /** The tag by which Intl writes its numbers and dates. */
  formats: string;
}

/** Files of the language folders by tag. */
export const byTag = <File>(files: Record<string, File>): Record<Locale, File> =>
  Object.fromEntries(Object.entries(files).map(([path, file]) => [/messages\/([^/]+)/.exec(path)![1], file]));

/** The installed languages. */
export const LANGUAGES = byTag(import.meta.glob<Language>("$messages/*/language.json", { eager: true, import: "default" }));
const LOADERS = byTag(import.meta.glob<Messages>("$messages/*/web/index.ts", { import: "messages" }));
const REFUSALS = byTag(import.meta.glob<Record<string, string>>("$messages/*/web/refusals.ts", { import: "refusals" }));

/** The language that was chosen on this browser; null before anybody chose. */
export const chosen = (): Locale | null => storage.read<Locale>("locale");

/** A tag and its wider ones: `fr-CA`, `fr`. */
const widened = (tag: string): string[] => tag.split("-").map((_, index, parts) => parts.slice(0, parts.length - index).join("-"));

/** `America/New_York` as `New York`. */
const cityOf = (zone: string): string => zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", "\u00a0");

class I18n {
  locale = $state<Locale>("");
  /** The languages of the deployment, its default first. */
  languages = $state.raw<readonly Locale[]>(Object.keys(LANGUAGES));
  messages = $state.raw<Messages | null>(null);
  /** The deployment's currency; start.ts sets it before the first screen. */
  currency = $state.raw<Currency>(EURO);
  /** Time zone (IANA) of the times on the screen: the deployment's, or that of the venue where a screen sets it. */
  zone = $state(UNNAMED_ZONE);
  /** Words for refusals that few people meet: empty before the first of them. */
  refusals = $state.raw<Record<string, string>>({});
  #refusalsIn: Locale | null = null;
  /** Making one costs a slow phone many milliseconds, using it none. */
  readonly #formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

  get tag(): string {
    return LANGUAGES[this.locale]!.formats;
  }

  get m(): Messages {
    return this.messages!;
  }

  /** The language chosen on this browser, else the browser's, else the deployment's default. An account's language is that of its emails. */
  preferred(): Locale {
    const wanted = [chosen() ?? "", ...navigator.languages].flatMap(widened);
    return wanted.find((tag) => this.languages.includes(tag)) ?? this.languages[0]!;
  }

  /** Offers the languages of the deployment that are installed, and leaves one that is not among them. */
  async offer(languages: readonly Locale[]): Promise<void> {
    const offered = languages.filter((tag) => tag in LANGUAGES);
    if (offered.length) this.languages = offered;
    if (this.messages && !this.languages.includes(this.locale)) await this.use(this.preferred());
  }

  async use(locale: Locale, keep = false): Promise<void> {
    const messages = await LOADERS[locale]!();
    this.locale = locale;
    this.messages = messages;
    document.documentElement.lang = locale;
    if (keep) storage.write("locale", locale);
    if (this.#refusalsIn) await this.#useRefusals();
  }

  /** Fetches the words for a refusal that the first words do not have; without them it is said in general words. */
  async prepare(code: string): Promise<void> {
    if (!this.messages || code in this.messages.problems) return;
    await this.#useRefusals().catch(() => console.warn("no words for refusals"));
  }

  /** Cents as money; whole amounts without their zeros. */
  money(cents: number): string {
    return this.#money(this.#decimals(cents % unitOf(this.currency) === 0 ? 0 : this.currency.digits), cents);
  }

  /** Cents as money, always to the cent: for sums under each other. */
  exact(cents: number): string {
    return this.#money(this.#decimals(this.currency.digits), cents);
  }

  /** Cents as money with a plus or a minus sign, to the cent. */
  signed(cents: number): string {
    return this.#money({ ...this.#decimals(this.currency.digits), signDisplay: "always" }, cents);
  }

  /** The keyboard of fields for amounts: without a decimal separator if the currency has no decimals. */
  get amountMode(): "decimal" | "numeric" {
    return this.currency.digits > 0 ? "decimal" : "numeric";
  }

  /** The currency's sign, `€`, for labels of fields. */
  get sign(): string {
    return this.#namedBy("narrowSymbol");
  }

  /** The currency's name in the plural, `euros`, for screen readers. */
  get currencyName(): string {
    return this.#namedBy("name");
  }

  number(value: number, options: Intl.NumberFormatOptions = {}): string {
    return this.#kept("number", options, () => new Intl.NumberFormat(this.tag, options)).format(value);
  }

  /** A date or time in a time zone; by default that of the screen. */
  date(iso: string, options: Intl.DateTimeFormatOptions, zone = this.zone): string {
    const zoned = { timeZone: zone, ...options };
    return this.#kept("date", zoned, () => new Intl.DateTimeFormat(this.tag, zoned)).format(new Date(iso));
  }

  day(iso: string, zone = this.zone): string {
    return this.date(iso, { weekday: "long", day: "numeric", month: "long" }, zone);
  }

  time(iso: string, zone = this.zone): string {
    return this.date(iso, { hour: "2-digit", minute: "2-digit" }, zone);
  }

  moment(iso: string, zone = this.zone): string {
    return this.date(iso, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }, zone);
  }

  /** The time of day at a venue; with the city of its time zone where the reader's clock shows another time. */
  timeAt(iso: string, zone = this.zone): string {
    return this.time(iso, zone) + this.cityAt(iso, zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  /** ` (New York)` for a zone whose clock then shows another time than that of `known`; else empty. */
  cityAt(iso: string, zone: string, known: string): string {
    const full: Intl.DateTimeFormatOptions = { dateStyle: "short", timeStyle: "short" };
    return this.date(iso, full, zone) === this.date(iso, full, known) ? "" : ` (${cityOf(zone)})`;
  }

  /** The city of a time zone that is not the reader's; empty for the reader's. */
  elsewhere(zone: string): string {
    return zone === Intl.DateTimeFormat().resolvedOptions().timeZone ? "" : cityOf(zone);
  }

  /** A localised text: in the language of the screen, else in the deployment's default, else in any. */
  text(field: Record<string, string> | string | null | undefined): string {
    if (!field) return "";
    if (typeof field === "string") return field;
    const tag = [...widened(this.locale), ...this.languages].find((wanted) => field[wanted]);
    return (tag ? field[tag] : Object.values(field).find(Boolean)) ?? "";
  }

  async #useRefusals(): Promise<void> {
    const { locale } = this;
    if (this.#refusalsIn === locale) return;
    this.refusals = await REFUSALS[locale]!();
    this.#refusalsIn = locale;
  }

  #money(options: Intl.NumberFormatOptions, cents: number): string {
    return this.number(cents / unitOf(this.currency), { style: "currency", currency: this.currency.code, currencyDisplay: "narrowSymbol", ...options });
  }

  #decimals(digits: number): Intl.NumberFormatOptions {
    return { minimumFractionDigits: digits, maximumFractionDigits: digits };
  }

  #namedBy(currencyDisplay: "narrowSymbol" | "name"): string {
    const parts = new Intl.NumberFormat(this.tag, { style: "currency", currency: this.currency.code, currencyDisplay }).formatToParts(2);
    return parts.find((part) => part.type === "currency")!.value;
  }

  #kept<Format extends Intl.NumberFormat | Intl.DateTimeFormat>(kind: string, options: object, make: () => Format): Format {
    const key = `${kind} ${this.tag} ${JSON.stringify(options)}`;
    const known = this.#formats.get(key) ?? make();
    this.#formats.set(key, known);
    return known as Format;
  }
}

export const i18n = new I18n();
