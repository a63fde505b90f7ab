/** Texts of the match page. */
import { Bundle } from "../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/live";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/live.ts", { import: "live" }));
