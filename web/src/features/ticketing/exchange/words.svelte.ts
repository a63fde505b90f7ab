/** Texts of the exchange, for its page and the screens of tickets. */
import type { exchange } from "$messages/en/web/exchange";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof exchange>("$messages/*/web/exchange.ts", { import: "exchange" }));
