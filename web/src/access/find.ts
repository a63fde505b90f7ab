/** Who has no code: found by seat or order code in the pack, by name at the server. */
import type { Label } from "../api/words";
import type { Ground } from "./ground";
import { ask } from "./link";
import { labelOf, placeOf } from "./seats";

export interface Found {
  number: number;
  name: string | null;
  label: Label | null;
}
export type Finding = { type: "found"; passes: Found[] } | { type: "offline" };

interface Named {
  pass_number: number;
  name: string | null;
  place_label: Label | null;
}

const ORDER = /^[A-Z0-9]{3,}(-?[A-Z0-9]+)*$/;

export async function find(ground: Ground, gate: string, text: string, online: boolean): Promise<Finding> {
  const place = await placeOf(text);
  if (place !== null) {
    const number = ground.passAt(place);
    return { type: "found", passes: number === null ? [] : [{ number, name: null, label: await labelOf(place) }] };
  }
  const order = text.trim().toUpperCase();
  if (ORDER.test(order) && ground.passesOf(order).length > 0) return { type: "found", passes: await named(ground, order) };
  if (!online) return { type: "offline" };
  const query = new URLSearchParams({ q: text.trim(), gate });
  const reply = await ask<{ found: Named[] }>(`/api/access/people/${ground.pack.event.id}?${query}`);
  if (!reply.ok) return { type: "offline" };
  return { type: "found", passes: reply.data.found.map(({ pass_number, name, place_label }) => ({ number: pass_number, name, label: place_label })) };
}

async function named(ground: Ground, order: string): Promise<Found[]> {
  return Promise.all(
    ground.passesOf(order).map(async (number) => {
      const place = ground.placeOf(number);
      return { number, name: null, label: place === null ? null : await labelOf(place) };
    }),
  );
}
