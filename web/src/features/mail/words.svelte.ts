/** Texts of emails about an order, for fans and the office. */
import type { emails } from "$messages/en/web/emails";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof emails>("$messages/*/web/emails.ts", { import: "emails" }));
