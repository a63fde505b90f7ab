/** Texts of the alerts. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/alerts";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/alerts.ts", { import: "alerts" }));
