/** Texts of the media desk. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/mediaDesk";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/mediaDesk.ts", { import: "mediaDesk" }));
