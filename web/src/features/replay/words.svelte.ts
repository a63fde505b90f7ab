/** Texts of the player. */
import { Bundle } from "../../shared/i18n/bundle.svelte";
import type { Words } from "../../shared/i18n/en/replay";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../shared/i18n/fr/replay")).replay,
  en: async () => (await import("../../shared/i18n/en/replay")).replay,
});
