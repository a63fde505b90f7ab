/** Texts of the pages of describers. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/describe";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/describe.ts", { import: "describe" }));
