/** A request to hold seats; stored in this tab through a sign-in that the server may require first. */
import type { Need, Tariff } from "../../shared/api/words";

export interface People {
  full: number;
  child: number;
  reduced: number;
  access: number;
  companions: number;
}
export type SeatRequest =
  | { kind: "best"; party: People; category_id: string | null; hospitality: boolean; together: boolean; needs: Need[] }
  | { kind: "standing"; area: string; party: People }
  | { kind: "chosen"; places: { place: number; tariff: Tariff }[]; venue_version?: string };

/** Number of places of a request. */
export function sizeOf(request: SeatRequest): number {
  if (request.kind === "chosen") return request.places.length;
  const { full, child, reduced, access, companions } = request.party;
  return full + child + reduced + access + companions;
}

const KEY = "virage.wish";
interface Stored {
  event: string;
  request: SeatRequest;
}

export function keepRequest(event: string, request: SeatRequest): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ event, request } satisfies Stored));
  } catch {
    // Without storage, the fan enters the request again.
  }
}

/** Returns and removes the stored request for this event. */
export function takeRequest(event: string): SeatRequest | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Stored | null;
    if (stored?.event !== event) return null;
    sessionStorage.removeItem(KEY);
    return stored.request;
  } catch {
    return null;
  }
}
