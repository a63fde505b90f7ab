/** Texts of the statistics. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/stats";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/stats.ts", { import: "stats" }));
