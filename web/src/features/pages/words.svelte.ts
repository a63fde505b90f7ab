/** Messages for the operator's pages. */
import type { pages } from "$messages/en/web/pages";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof pages>("$messages/*/web/pages.ts", { import: "pages" }));
