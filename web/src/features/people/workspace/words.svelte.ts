/** Texts of the staff start page. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { staffHome } from "$messages/en/web/staffHome";

export const words = new Bundle(import.meta.glob<typeof staffHome>("$messages/*/web/staffHome.ts", { import: "staffHome" }));
