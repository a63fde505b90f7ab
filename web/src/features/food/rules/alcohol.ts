/** When alcohol may be sold and to whom; same rules as in Python, for every means of payment. */
import type { Product } from "./catalogue";
import type { Refused } from "./pricing";

const ADULT_AGE = 18;
const SOFT_PERMILLE_MAX = 12;
const FERMENTED_PERMILLE_MAX = 180;

/** The current event: its house rule narrows the mayor's permit. */
export interface On {
  organiser_id: string;
  state: string;
  alcohol: boolean;
}
export interface AlcoholPermit {
  organiser_id: string;
  starts_at: string;
  ends_at: string;
  withdrawn_at?: string | null;
}

export const isAlcohol = ({ abv_permille }: Product): boolean => abv_permille > SOFT_PERMILLE_MAX;
/** Never sold in a venue. */
export const isSpirits = (product: Product): boolean => isAlcohol(product) && (product.distilled || product.abv_permille > FERMENTED_PERMILLE_MAX);
/** Minimum age of the buyer; 0 without a limit. */
export const ageLimit = (product: Product): number => (isAlcohol(product) ? Math.max(product.age_min, ADULT_AGE) : product.age_min);

export function maySell(product: Product, on: On | null, moment: number, permits: readonly AlcoholPermit[], ageConfirmed: boolean): Refused | null {
  const why = isAlcohol(product) ? forbids(product, on, moment, permits) : null;
  if (why) return { type: "refused", reason: "alcohol_forbidden", data: { product_id: product.id, why } };
  const age = ageLimit(product);
  return age && !ageConfirmed ? { type: "refused", reason: "age_check_required", data: { product_id: product.id, age } } : null;
}

/** Refuse a basket for the first forbidden product. Forbidden products come before age checks, and the highest age counts. */
export function maySellAll(products: readonly Product[], on: On | null, moment: number, permits: readonly AlcoholPermit[], ageConfirmed: boolean): Refused | null {
  const refusals = products.flatMap((product) => maySell(product, on, moment, permits, ageConfirmed) ?? []);
  const ages = [...refusals].sort((a, b) => Number(b.data.age) - Number(a.data.age));
  return refusals.find(({ reason }) => reason === "alcohol_forbidden") ?? ages[0] ?? null;
}

function forbids(product: Product, on: On | null, moment: number, permits: readonly AlcoholPermit[]): string | null {
  if (isSpirits(product)) return "spirits";
  if (on === null || on.state !== "published") return "no_event";
  if (!on.alcohol) return "house_rule";
  return permits.some((permit) => permit.organiser_id === on.organiser_id && covers(permit, moment)) ? null : "no_derogation";
}

function covers({ starts_at, ends_at, withdrawn_at }: AlcoholPermit, moment: number): boolean {
  const until = Math.min(Date.parse(ends_at), withdrawn_at ? Date.parse(withdrawn_at) : Infinity);
  return Date.parse(starts_at) <= moment && moment < until;
}
