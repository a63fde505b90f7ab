/** Texts of fans' requests for help. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/help";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/help.ts", { import: "help" }));
