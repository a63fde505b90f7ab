/** Texts of the player. */
import { Bundle } from "../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/replay";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/replay.ts", { import: "replay" }));
