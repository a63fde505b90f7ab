/** The words of the media desk. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/mediaDesk";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/mediaDesk")).mediaDesk,
  en: async () => (await import("../../i18n/en/mediaDesk")).mediaDesk,
});
