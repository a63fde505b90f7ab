/** The words of the player. */
import { Bundle } from "../i18n/bundle.svelte";
import type { Words } from "../i18n/en/replay";

export const words = new Bundle<Words>({
  fr: async () => (await import("../i18n/fr/replay")).replay,
  en: async () => (await import("../i18n/en/replay")).replay,
});
