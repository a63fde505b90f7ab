/** Texts of the forecast of the entry. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/entryForecast";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/entryForecast.ts", { import: "entryForecast" }));
