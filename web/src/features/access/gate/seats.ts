/** Places of the ground in the words of the signs, also without network: the worker keeps the ground's documents. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { BlockGeometry, Geometry, Label } from "../../../shared/api/words";
import { storage } from "../../../shared/runtime/storage";
import { geometry, labels, rowsOf } from "../../../shared/geometry";

const VERSION = "gate.ground";

let ground: Geometry | null = null;

/** Fetch the ground, and the labels of the gate groups that this device stands at. */
export async function learnGround(groups: ReadonlySet<string>): Promise<void> {
  const current = await answered<{ version: string }>(api.GET("/api/venue"));
  if (current.ok) storage.write(VERSION, current.data.version);
  const version = current.ok ? current.data.version : storage.read<string>(VERSION);
  if (!version) return;
  const found = await geometry(version);
  if (!found.ok) return;
  ground = found.data;
  for (const block of ground.blocks) if (groups.has(block.gate_group)) await labels(version, block.code);
  document.documentElement.dataset.labels = "kept";
}

/** The standing area of a place, null for a seat and for what lies beyond all places: the badge of an accreditation. */
export function areaOf(place: number): string | null {
  return ground ? (areaAt(ground.areas, place)?.code ?? null) : null;
}

/** The area in whose range of numbers a place lies. */
export function areaAt<Area extends { first_place: number; capacity_max: number }>(areas: readonly Area[], place: number): Area | null {
  return areas.find((one) => one.first_place <= place && place < one.first_place + one.capacity_max) ?? null;
}

/** What the signs say of a place, null while the ground is not there. */
export async function labelOf(place: number): Promise<Label | null> {
  if (!ground) return null;
  if (place >= ground.seats) {
    const area = areaAt(ground.areas, place);
    return area ? ({ area: area.code, area_name: area.name, gate_group: "" } as Label) : null;
  }
  const block = ground.blocks.find((one) => one.first_seat <= place && place < one.first_seat + one.seat_count);
  if (!block) return null;
  for (const row of await rows(block)) {
    const seat = row.seats.find((one) => one.place === place);
    if (seat) return { block: block.code, row: row.name, seat: seat.number, gate_group: block.gate_group, stand: standOf(block) };
  }
  return null;
}

function standOf(block: BlockGeometry): string {
  const stand = ground?.stands.find((one) => one.code === block.stand);
  return (stand as { name?: string } | undefined)?.name ?? block.stand;
}

async function rows(block: BlockGeometry): Promise<ReturnType<typeof rowsOf>> {
  const found = ground ? await labels(ground.version, block.code) : null;
  return found?.ok ? rowsOf(found.data) : [];
}

/** The place that somebody writes as block, row and seat ("203 12 8"), null for none. */
export async function placeOf(text: string): Promise<number | null> {
  const [code, row, seat] = text.trim().toUpperCase().split(/[\s,/.-]+/);
  const block = ground?.blocks.find((one) => one.code.toUpperCase() === code);
  if (!block || !row || !seat) return null;
  const found = (await rows(block)).find((one) => one.name.toUpperCase() === row);
  return found?.seats.find((one) => String(one.number) === seat)?.place ?? null;
}
