/** The texts of a language that depend on a number, by its plural rules (CLDR). */
export function pluralsOf(language: string): {
  choose: (count: number, one: string, other: string) => string;
  plural: (count: number, one: string, other: string) => string;
} {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  const choose = (count: number, one: string, other: string): string => (rules.select(count) === "one" ? one : other);
  return { choose, plural: (count, one, other) => `${numbers.format(count)} ${choose(count, one, other)}` };
}
