/** What a fan asks to hold; kept in this tab over the sign-in that the server may ask a guest for first. */
import type { Need, Tariff } from "../api/words";

export interface People {
  full: number;
  child: number;
  reduced: number;
  access: number;
  companions: number;
}
export type Wish =
  | { kind: "best"; party: People; category_id: string | null; hospitality: boolean; together: boolean; needs: Need[] }
  | { kind: "standing"; area: string; party: People }
  | { kind: "chosen"; places: { place: number; tariff: Tariff }[] };

/** How many places a wish asks for. */
export function sizeOf(wish: Wish): number {
  if (wish.kind === "chosen") return wish.places.length;
  const { full, child, reduced, access, companions } = wish.party;
  return full + child + reduced + access + companions;
}

const KEY = "virage.wish";
interface Kept {
  event: string;
  wish: Wish;
}

export function keepWish(event: string, wish: Wish): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ event, wish } satisfies Kept));
  } catch {
    // Without storage the fan says the wish again.
  }
}

/** The wish for this event, once. */
export function takeWish(event: string): Wish | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Kept | null;
    if (kept?.event !== event) return null;
    sessionStorage.removeItem(KEY);
    return kept.wish;
  } catch {
    return null;
  }
}
