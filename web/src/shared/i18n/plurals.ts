/** Forms of a text for the plural categories of CLDR that `one` and `other` do not cover, such as few and many. */
export type MoreForms = Partial<Record<"zero" | "two" | "few" | "many", string>>;

/** The texts of a language that depend on a number, by its plural rules (CLDR). */
export function pluralsOf(language: string): {
  choose: (count: number, one: string, other: string, more?: MoreForms) => string;
  plural: (count: number, one: string, other: string, more?: MoreForms) => string;
} {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  const choose = (count: number, one: string, other: string, more: MoreForms = {}): string => ({ ...more, one, other })[rules.select(count)] ?? other;
  return { choose, plural: (count, one, other, more) => `${numbers.format(count)} ${choose(count, one, other, more)}` };
}
