/** Texts of the match desk. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/matchDesk";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/matchDesk.ts", { import: "matchDesk" }));
