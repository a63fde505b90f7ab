/** Texts of the waiting list. */
import type { waiting } from "$messages/en/web/waiting";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof waiting>("$messages/*/web/waiting.ts", { import: "waiting" }));
