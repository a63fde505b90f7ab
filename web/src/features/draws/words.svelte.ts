/** Texts of draws. */
import type { draws } from "$messages/en/web/draws";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof draws>("$messages/*/web/draws.ts", { import: "draws" }));
