/** Who has no code: found by seat or order code in the pack, by name at the server. */
import type { components } from "../../../shared/api/schema";
import type { Label } from "../../../shared/api/words";
import type { Ground } from "./ground";
import { link } from "./link";
import { labelOf, placeOf } from "./seats";

type HolderMatch = components["schemas"]["HolderMatch"];

export interface Found {
  number: number;
  name: string | null;
  label: Label | null;
}
export type Finding = { type: "found"; passes: Found[] } | { type: "offline" };

const LEAST = 3;
const ORDER = /^[A-Z0-9]{3,}(-?[A-Z0-9]+)*$/;

export async function find(ground: Ground, text: string, online: boolean): Promise<Finding> {
  const place = await placeOf(text);
  if (place !== null) {
    const number = ground.passAt(place);
    return { type: "found", passes: number === null ? [] : [{ number, name: null, label: await labelOf(place) }] };
  }
  const order = text.trim().toUpperCase();
  if (ORDER.test(order) && ground.passesOf(order).length > 0) return { type: "found", passes: await named(ground, order) };
  if (!online) return { type: "offline" };
  if (text.trim().length < LEAST) return { type: "found", passes: [] };
  const params = { path: { event_id: ground.pack.event.id }, query: { q: text.trim() } };
  const reply = await link.ask<HolderMatch[]>((signal) => link.api.GET("/api/access/holders/{event_id}", { params, signal }));
  if (!reply.ok) return { type: "offline" };
  const passes = reply.data.map((one) => ({
    number: one.pass_number,
    name: one.holder_name ?? one.buyer_name,
    label: one.place_label,
  }));
  return { type: "found", passes };
}

async function named(ground: Ground, order: string): Promise<Found[]> {
  return Promise.all(
    ground.passesOf(order).map(async (number) => {
      const place = ground.placeOf(number);
      return { number, name: null, label: place === null ? null : await labelOf(place) };
    }),
  );
}
