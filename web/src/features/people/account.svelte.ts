/** Texts of the page of an account. */
import type { accountPageTexts } from "$messages/en/web/accountPage";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof accountPageTexts>("$messages/*/web/accountPage.ts", { import: "accountPageTexts" }));
