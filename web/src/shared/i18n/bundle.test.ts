import { expect, it } from "vitest";
import { Bundle } from "./bundle.svelte";
import type { Locale } from "./i18n.svelte";

it("shows the language that was requested last, whichever texts load last", async () => {
  const come: Partial<Record<Locale, (words: string) => void>> = {};
  const loader = (locale: Locale) => (): Promise<string> => new Promise((resolve) => (come[locale] = resolve));
  const bundle = new Bundle({ "/messages/fr/x.ts": loader("fr"), "/messages/en/x.ts": loader("en") });
  const both = [bundle.use("fr"), bundle.use("en")];
  come.en!("words");
  come.fr!("mots");
  await Promise.all(both);
  expect(bundle.w).toBe("words");
});
