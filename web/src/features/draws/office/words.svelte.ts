/** Texts of draws in the office. */
import type { officeDraws } from "$messages/en/web/officeDraws";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof officeDraws>("$messages/*/web/officeDraws.ts", { import: "officeDraws" }));
