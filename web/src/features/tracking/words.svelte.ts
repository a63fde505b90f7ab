/** Texts of the live pitch. */
import { Bundle } from "../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/pitch";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/pitch.ts", { import: "pitch" }));
