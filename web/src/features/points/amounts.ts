/** Points, days and factors as text. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

/** A number of points: "1,240 points". */
export const amount = (points: number): string => words.w.count(points, i18n.number(points));

/** A number of points with its sign: "+15". */
export const signed = (points: number): string => i18n.number(points, { signDisplay: "exceptZero" });

export const dayOf = (instant: string): string => i18n.date(instant, { day: "numeric", month: "long", year: "numeric" });

/** A multiplier in permille as a number: 1,5. */
export const factorOf = (permille: number): string => i18n.number(permille / 1000, { maximumFractionDigits: 2 });
