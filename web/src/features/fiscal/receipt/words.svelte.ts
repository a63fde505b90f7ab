/** Texts of a receipt, loaded with its page or with the till. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { receipt } from "$messages/en/web/receipt";

export const words = new Bundle(import.meta.glob<typeof receipt>("$messages/*/web/receipt.ts", { import: "receipt" }));
