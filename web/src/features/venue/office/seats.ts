/** Seats of a block for choosing them: names, positions and features. */
import type { BlockGeometry, BlockLabels } from "../../../shared/api/words";
import { featuresOf, rowsOf, seatPoints } from "../../../shared/geometry";
import { FEATURES, type Edit, type Feature, type Selection } from "./types";

export interface Seat {
  place: number;
  row: string;
  name: string;
  x: number;
  y: number;
  features: ReadonlySet<Feature>;
}

/** The seats of a block in metres of the screen. */
export function seatsOf(block: BlockGeometry, labels: BlockLabels): Seat[] {
  const { at } = seatPoints(block, false);
  const bits = featuresOf(labels);
  return rowsOf(labels).flatMap((row) =>
    row.seats.map(({ place, seat }) => {
      const index = place - block.first_seat;
      const [x, y] = [at[2 * index]!, at[2 * index + 1]!];
      return {
        place,
        row: row.name,
        name: String(seat),
        x,
        y,
        features: new Set(FEATURES.filter((_, bit) => bits[index]! & (1 << bit))),
      };
    }),
  );
}

/** Names of a list such as `1-12, 15`; a range is between two numbers. */
export function namesIn(text: string): string[] {
  return text
    .split(/[,;\s]+/)
    .filter(Boolean)
    .flatMap((part) => {
      const range = /^(\d{1,5})[-–](\d{1,5})$/.exec(part);
      if (!range) return [part];
      const [first, last] = [Number(range[1]), Number(range[2])];
      return last < first || last - first > 5000 ? [part] : Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
    });
}

/** Names as people write them: numbers in a row as a range. */
export function listed(names: readonly string[]): string {
  const parts: string[] = [];
  for (let start = 0; start < names.length; ) {
    let end = start;
    while (end + 1 < names.length && /^\d+$/.test(names[end]!) && Number(names[end + 1]) === Number(names[end]) + 1) end += 1;
    if (end > start + 1) parts.push(`${names[start]}-${names[end]}`);
    else parts.push(...names.slice(start, end + 1));
    start = end + 1;
  }
  return parts.join(", ");
}

/** Chosen seats of a block as selections: the block, whole rows, or named seats of a row. */
export function selectionsOf(block: string, seats: readonly Seat[], chosen: ReadonlySet<number>): Selection[] {
  const rows = new Map<string, Seat[]>();
  for (const seat of seats) rows.set(seat.row, [...(rows.get(seat.row) ?? []), seat]);
  if (seats.every((seat) => chosen.has(seat.place))) return [{ block, row: null, seats: null }];
  return [...rows].flatMap(([row, all]) => {
    const own = all.filter((seat) => chosen.has(seat.place));
    if (own.length === 0) return [];
    return [{ block, row, seats: own.length === all.length ? null : own.map((seat) => seat.name) }];
  });
}

/** The features of a seat once the collected edits are saved. */
export function featuresAfter(block: string, seat: Seat, edits: readonly Edit[]): ReadonlySet<Feature> {
  const features = new Set(seat.features);
  for (const edit of edits) {
    if (edit.edit !== "feature") continue;
    const meant = edit.seats.some(
      (selection) =>
        selection.block === block &&
        (selection.row === null || selection.row === undefined || selection.row === seat.row) &&
        (selection.seats === null || selection.seats === undefined || selection.seats.includes(seat.name)),
    );
    if (meant && edit.present) features.add(edit.feature);
    else if (meant) features.delete(edit.feature);
  }
  return features;
}
