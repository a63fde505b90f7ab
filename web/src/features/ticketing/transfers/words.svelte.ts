/** Texts of transfers, for the screens of tickets. */
import type { transfers } from "$messages/en/web/transfers";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof transfers>("$messages/*/web/transfers.ts", { import: "transfers" }));
