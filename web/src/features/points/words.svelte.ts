/** Texts of points and rewards. */
import type { pointsTexts } from "$messages/en/web/points";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof pointsTexts>("$messages/*/web/points.ts", { import: "pointsTexts" }));
