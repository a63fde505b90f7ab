/** Geometry of the venue: centimetres from the server, metres on the screen. */
import { answered, type Answer } from "./api/answer";
import { api } from "./api/client";
import type { BlockGeometry, BlockLabels, Geometry } from "./api/words";

export const FIELDS = 5;
export const WHEELCHAIR = 1;
export const COMPANION = 2;

/** Screens have the y axis downwards; on a portrait screen the bowl is rotated. */
export function toScreen(x: number, y: number, portrait: boolean): [number, number] {
  return portrait ? [y, x] : [x, -y];
}

export interface SeatPoints {
  block: BlockGeometry;
  /** x, y, x, y, … in metres of the screen; entry i belongs to seat `block.first_seat + i`. */
  at: Float32Array;
  /** Position of each seat's row in the labels. */
  row: Uint8Array;
  /** Distance between neighbours of the seat's run, in metres. */
  pitch: Float32Array;
}

/** Seats of a block on the plan: x, y, … in metres, y upwards. */
export type PlanPoints = Omit<SeatPoints, "block">;

const USUAL_PITCH_M = 0.5;

/** The position of each seat of a block on the plan: given one by one, or expanded from its segments. */
export function planPoints(block: BlockGeometry): PlanPoints {
  const [frameX, frameY, mdeg, curved] = block.frame as [number, number, number, number];
  const placed = block.points?.length ? block.points : null; // documents of earlier formats have no points
  const facing = ((mdeg / 1000) * Math.PI) / 180;
  const cos = Math.cos(facing);
  const sin = Math.sin(facing);
  const at = new Float32Array(2 * block.seat_count);
  const row = new Uint8Array(block.seat_count);
  const pitches = new Float32Array(block.seat_count);
  let seat = 0;
  for (let field = 0; field < block.segments.length; field += FIELDS) {
    const [line, d, t, pitch, count] = block.segments.slice(field, field + FIELDS) as [number, number, number, number, number];
    for (let index = 0; index < count; index += 1, seat += 1) {
      const along = t + index * pitch;
      const angle = facing - along / d;
      const x = curved ? frameX + d * Math.cos(angle) : frameX + d * cos + along * sin;
      const y = curved ? frameY + d * Math.sin(angle) : frameY + d * sin - along * cos;
      at[2 * seat] = (placed ? placed[2 * seat]! : x) / 100;
      at[2 * seat + 1] = (placed ? placed[2 * seat + 1]! : y) / 100;
      row[seat] = line;
      pitches[seat] = pitch / 100;
    }
    if (!placed) continue;
    for (let own = seat - count; own < seat; own += 1) {
      const beside = own + 1 < seat ? own + 1 : own - 1;
      const alone = count === 1;
      pitches[own] = alone ? USUAL_PITCH_M : Math.hypot(at[2 * own]! - at[2 * beside]!, at[2 * own + 1]! - at[2 * beside + 1]!);
    }
  }
  return { at, row, pitch: pitches };
}

/** The position of each seat of a block on the screen. */
export function seatPoints(block: BlockGeometry, portrait: boolean): SeatPoints {
  const { at, row, pitch } = planPoints(block);
  for (let value = 0; value < at.length; value += 2)
    [at[value], at[value + 1]] = toScreen(at[value]!, at[value + 1]!, portrait);
  return { block, at, row, pitch };
}

export interface Shape {
  code: string;
  points: readonly (readonly [number, number])[];
  path: string;
  centre: readonly [number, number];
  box: Box;
}
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function shape(code: string, outline: readonly number[], portrait: boolean, centre?: readonly number[]): Shape {
  const points: [number, number][] = [];
  for (let index = 0; index + 1 < outline.length; index += 2)
    points.push(toScreen(outline[index]! / 100, outline[index + 1]! / 100, portrait));
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const box = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  return {
    code,
    points,
    path: `M${points.map((point) => `${point[0].toFixed(2)} ${point[1].toFixed(2)}`).join("L")}Z`,
    centre: centre
      ? toScreen(centre[0]! / 100, centre[1]! / 100, portrait)
      : [(box.left + box.right) / 2, (box.top + box.bottom) / 2],
    box,
  };
}

/** A sightline of 0 to 100 as 1 to 5 stars. */
export function stars(sightline: number): number {
  return Math.min(5, Math.max(1, Math.ceil(sightline / 20)));
}

/** The seats of a block by row, each with its number or name. */
export interface RowOfSeats {
  name: string;
  seats: { place: number; seat: number | string }[];
}

export function rowsOf(labels: BlockLabels): RowOfSeats[] {
  const names = new Map((labels.names ?? []) as unknown as [number, string][]); // documents of earlier formats have none
  return labels.rows.map((row) => ({
    name: row.name,
    seats: row.segments.flatMap((segment) => {
      const [first, number, count] = segment as [number, number, number];
      return Array.from({ length: count }, (_, index) => ({ place: first + index, seat: names.get(first + index) ?? number + index }));
    }),
  }));
}

/** Feature bits of each seat of a block, from its first seat on. */
export function featuresOf(labels: BlockLabels): Uint8Array {
  const bits = new Uint8Array(labels.seat_count);
  for (const run of labels.features) {
    const [first, count, step, flags] = run as [number, number, number, number];
    for (let index = 0; index < count; index += 1) bits[first - labels.first_seat + index * step] = flags;
  }
  return bits;
}

const geometries = new Map<string, Promise<Answer<Geometry>>>();
const labelled = new Map<string, Promise<Answer<BlockLabels>>>();

function once<T>(kept: Map<string, Promise<Answer<T>>>, key: string, ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  let answer = kept.get(key);
  if (!answer) {
    answer = ask();
    kept.set(key, answer);
    void answer.then((value) => value.ok || kept.delete(key));
  }
  return answer;
}

export function geometry(version: string): Promise<Answer<Geometry>> {
  const path = { version };
  return once(geometries, version, () => answered<Geometry>(api.GET("/api/venue/{version}/geometry", { params: { path } })));
}

export function labels(version: string, block: string): Promise<Answer<BlockLabels>> {
  const path = { version, block };
  return once(labelled, `${version}/${block}`, () =>
    answered<BlockLabels>(api.GET("/api/venue/{version}/labels/{block}", { params: { path } })),
  );
}
