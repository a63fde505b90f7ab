/** Texts of an event's exchange in the office. */
import type { exchangeBook } from "$messages/en/web/officeExchange";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof exchangeBook>("$messages/*/web/officeExchange.ts", { import: "exchangeBook" }));
