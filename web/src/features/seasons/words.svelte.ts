/** Texts of renewals. */
import type { seasons } from "$messages/en/web/seasons";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof seasons>("$messages/*/web/seasons.ts", { import: "seasons" }));
