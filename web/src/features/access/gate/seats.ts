/** Labels of places, also offline: the service worker caches the venue's documents. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { BlockGeometry, Geometry, Label } from "../../../shared/api/words";
import { storage } from "../../../shared/runtime/storage";
import { geometry, labels, rowsOf } from "../../../shared/geometry";

/** Key of the stored venue version. */
const VERSION = "gate.ground";

let venue: Geometry | null = null;

/** Fetch the venue in the version of the event, and the labels of these gate groups; null in packs of an earlier server. */
export async function loadVenue(ofEvent: string | null, groups: ReadonlySet<string>): Promise<void> {
  const version = ofEvent ?? (await currentVersion());
  if (!version) return;
  const found = await geometry(version);
  if (!found.ok) return;
  venue = found.data;
  for (const block of venue.blocks) if (groups.has(block.gate_group)) await labels(version, block.code);
  document.documentElement.dataset.labels = "kept";
}

async function currentVersion(): Promise<string | null> {
  const current = await answered<{ version: string }>(api.GET("/api/venue"));
  if (current.ok) storage.write(VERSION, current.data.version);
  return current.ok ? current.data.version : storage.read<string>(VERSION);
}

/** The standing area of a place; null for a seat, and for the number of an accreditation beyond all places. */
export function areaOf(place: number): string | null {
  return venue ? (areaAt(venue.areas, place)?.code ?? null) : null;
}

/** The standing area whose range contains a place. */
export function areaAt<Area extends { first_place: number; capacity_max: number }>(areas: readonly Area[], place: number): Area | null {
  return areas.find((area) => area.first_place <= place && place < area.first_place + area.capacity_max) ?? null;
}

/** The label of a place; null until the venue is loaded. */
export async function labelOf(place: number): Promise<Label | null> {
  if (!venue) return null;
  if (place >= venue.seats) {
    const area = areaAt(venue.areas, place);
    return area ? ({ area: area.code, area_name: area.name, gate_group: "" } as Label) : null;
  }
  const block = venue.blocks.find(({ first_seat, seat_count }) => first_seat <= place && place < first_seat + seat_count);
  if (!block) return null;
  for (const row of await rows(block)) {
    const seat = row.seats.find((candidate) => candidate.place === place);
    if (seat) return { block: block.code, row: row.name, seat: seat.seat, gate_group: block.gate_group, stand: standOf(block) };
  }
  return null;
}

function standOf(block: BlockGeometry): string {
  const stand = venue?.stands.find(({ code }) => code === block.stand);
  return (stand as { name?: string } | undefined)?.name ?? block.stand;
}

async function rows(block: BlockGeometry): Promise<ReturnType<typeof rowsOf>> {
  const found = venue ? await labels(venue.version, block.code) : null;
  return found?.ok ? rowsOf(found.data) : [];
}

/** The place of a text with block, row and seat ("203 12 8"); null if there is none. */
export async function parsePlace(text: string): Promise<number | null> {
  const [code, row, seat] = text.trim().toUpperCase().split(/[\s,/.-]+/);
  const block = venue?.blocks.find((candidate) => candidate.code.toUpperCase() === code);
  if (!block || !row || !seat) return null;
  const found = (await rows(block)).find(({ name }) => name.toUpperCase() === row);
  return found?.seats.find((candidate) => String(candidate.seat).toUpperCase() === seat)?.place ?? null;
}
