/** Texts of the picture. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/picture";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/picture.ts", { import: "picture" }));
