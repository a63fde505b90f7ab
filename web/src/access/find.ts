/** Who has no code: found by seat or order code in the pack, by name at the server. */
import type { Label } from "../api/words";
import type { Ground } from "./ground";
import { link } from "./link";
import { labelOf, placeOf } from "./seats";

export interface Found {
  number: number;
  name: string | null;
  label: Label | null;
}
export type Finding = { type: "found"; passes: Found[] } | { type: "offline" };

/** What the server says of a pass that is asked for by name. */
interface Named {
  pass_number: number;
  place_label?: Label | null;
  holder_name?: string | null;
  buyer_name?: string | null;
}

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
  const reply = await link.ask<Named[]>(`/api/access/holders/${ground.pack.event.id}?${new URLSearchParams({ q: text.trim() })}`);
  if (!reply.ok) return { type: "offline" };
  const passes = reply.data.map((one) => ({
    number: one.pass_number,
    name: one.holder_name ?? one.buyer_name ?? null,
    label: one.place_label ?? null,
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
