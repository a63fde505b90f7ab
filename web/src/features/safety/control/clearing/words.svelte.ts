/** Texts of the time to clear. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/clearing";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/clearing.ts", { import: "clearing" }));
