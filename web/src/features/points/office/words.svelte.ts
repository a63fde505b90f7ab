/** Texts of the office's points and rewards. */
import type { officePoints } from "$messages/en/web/officePoints";
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";

export const words = new Bundle(import.meta.glob<typeof officePoints>("$messages/*/web/officePoints.ts", { import: "officePoints" }));

/** A number of points: "1,240 points". */
export const amount = (points: number): string => words.w.points(points, i18n.number(points));
