/** The place that a view is drawn from, and the facts about it. */
import type { BlockGeometry, Geometry } from "../../../shared/api/words";
import { planPoints } from "../../../shared/geometry";

const STANDING_EYE_M = 1.65;
const USUAL_EYE_M = 1.2;
/** Depth of the penalty area. */
const PENALTY_AREA_M = 16.5;
/** A seat that is at most so far from the halfway line is level with it. */
const HALFWAY_M = 10;
/** The least C-value that is acceptable, and a good one (EN 13200-1). */
const C_ACCEPTABLE_M = 0.06;
const C_GOOD_M = 0.12;

export interface Viewpoint {
  x: number;
  y: number;
  /** Height of the floor above the pitch. */
  floor: number;
  /** Height of the eye above the pitch. */
  eye: number;
  /** The seat's block and the position of its row; null in a standing area. */
  seat: { block: BlockGeometry; row: number; index: number } | null;
  /** Code of the standing area; null for a seat. */
  area: string | null;
}

/** The block of a seat. */
export function blockAt(geometry: Geometry, place: number): BlockGeometry | undefined {
  return geometry.blocks.find(({ first_seat, seat_count }) => first_seat <= place && place < first_seat + seat_count);
}

/** Where the holder of a place looks from; null if the height of the row or the place is unknown. */
export function viewpointOf(geometry: Geometry, place: number): Viewpoint | null {
  const block = blockAt(geometry, place);
  if (!block) return inArea(geometry, place);
  const points = planPoints(block);
  const index = place - block.first_seat;
  const row = points.row[index]!;
  const floor = block.heights?.[row]; // documents of earlier formats have no heights
  if (floor === undefined || floor === null) return null;
  const eye = (geometry.eye_height ?? USUAL_EYE_M * 100) / 100;
  return {
    x: points.at[2 * index]!,
    y: points.at[2 * index + 1]!,
    floor: floor / 100,
    eye: floor / 100 + eye,
    seat: { block, row, index },
    area: null,
  };
}

/** The middle of a standing area, which is on the level of the pitch. */
function inArea(geometry: Geometry, place: number): Viewpoint | null {
  const area = geometry.areas.find(({ first_place, capacity_max }) => first_place <= place && place < first_place + capacity_max);
  if (!area) return null;
  const { outline } = area;
  let [doubled, x, y] = [0, 0, 0];
  for (let corner = 0; corner < outline.length; corner += 2) {
    const next = (corner + 2) % outline.length;
    const cross = outline[corner]! * outline[next + 1]! - outline[next]! * outline[corner + 1]!;
    doubled += cross;
    x += (outline[corner]! + outline[next]!) * cross;
    y += (outline[corner + 1]! + outline[next + 1]!) * cross;
  }
  if (doubled === 0) return null;
  return { x: x / (300 * doubled), y: y / (300 * doubled), floor: 0, eye: STANDING_EYE_M, seat: null, area: area.code };
}

/** Length of the stage at the south end of a covered pitch, and its distance from that end, as the map draws it. */
const STAGE_M = { length: 11, from: 3, aside: 6 } as const;

/** The stage x, y, x, y in metres: its two opposite corners. */
export function stageOf(geometry: Geometry): [number, number, number, number] {
  const [long, wide] = [geometry.pitch[0]! / 200, geometry.pitch[1]! / 200];
  const front = long - STAGE_M.from - STAGE_M.length;
  return [front, STAGE_M.aside - wide, front + STAGE_M.length, wide - STAGE_M.aside];
}

export type Side = "halfway" | "half" | "penaltyArea" | "corner" | "goal" | "besideGoal" | "pitch";
export type OverHeads = "first" | "clear" | "partly" | "hidden";

export interface Facts {
  /** Metres to the nearest line of the pitch and which one it is; null on the pitch, or if the pitch is unknown. */
  toLine: { metres: number; line: "touchline" | "goalLine" } | null;
  /** Metres to the centre of the pitch, or to the nearest edge of the stage. */
  toCentre: number;
  /** Height of the floor above the pitch, in metres. */
  height: number;
  /** Where the place is around the pitch; null if the pitch is unknown. */
  side: Side | null;
  /** View of the nearest line over the heads of the row in front; null if there are no rows or no line. */
  overHeads: OverHeads | null;
}

export function factsOf(geometry: Geometry, from: Viewpoint, stage: boolean): Facts {
  const [long, wide] = [geometry.pitch[0]! / 200, geometry.pitch[1]! / 200];
  const known = long > 0 && wide > 0;
  const [beyondEnd, beyondSide] = [Math.abs(from.x) - long, Math.abs(from.y) - wide];
  const metres = Math.hypot(Math.max(beyondEnd, 0), Math.max(beyondSide, 0));
  const [front, , back, aside] = stageOf(geometry);
  const toStage = Math.hypot(Math.max(front - from.x, from.x - back, 0), Math.max(Math.abs(from.y) - aside, 0));
  return {
    toLine: known && metres > 0 ? { metres, line: beyondSide >= beyondEnd ? "touchline" : "goalLine" } : null,
    toCentre: stage ? toStage : Math.hypot(from.x, from.y),
    height: from.floor,
    side: known ? sideOf(from, long, beyondEnd, beyondSide) : null,
    overHeads: known && from.seat ? overHeads(from, metres) : null,
  };
}

function sideOf({ x, y }: Viewpoint, long: number, beyondEnd: number, beyondSide: number): Side {
  if (beyondEnd > 0 && beyondSide > 0) return "corner";
  if (beyondEnd > 0) return Math.abs(y) <= HALFWAY_M ? "goal" : "besideGoal";
  if (beyondSide <= 0) return "pitch";
  if (Math.abs(x) <= HALFWAY_M) return "halfway";
  return Math.abs(x) >= long - PENALTY_AREA_M ? "penaltyArea" : "half";
}

/**
 * By the C-value of EN 13200-1, D (N + R) / (D + T) - R: the metres by which the line from the eye to the nearest line of
 * the pitch, D + T away and N + R below, clears the eyes of the row in front, D away and R above it.
 */
function overHeads(from: Viewpoint, toLine: number): OverHeads | null {
  const { block, row, index } = from.seat!;
  if (row === 0) return "first";
  const front = block.heights[row - 1];
  if (front === undefined || front === null) return null;
  const rise = from.floor - front / 100;
  const depth = depthBetween(planPoints(block), index, row - 1);
  if (depth === null) return null;
  const clearance = ((toLine - depth) * from.eye) / toLine - (from.eye - rise);
  return clearance >= C_GOOD_M ? "clear" : clearance >= C_ACCEPTABLE_M ? "partly" : "hidden";
}

/** Metres from a seat to the nearest seat of another row of its block; null if that row has none. */
export function depthBetween({ at, row }: { at: Float32Array; row: Uint8Array }, index: number, other: number): number | null {
  let nearest = Number.POSITIVE_INFINITY;
  for (let seat = 0; seat < row.length; seat += 1)
    if (row[seat] === other) nearest = Math.min(nearest, Math.hypot(at[2 * seat]! - at[2 * index]!, at[2 * seat + 1]! - at[2 * index + 1]!));
  return Number.isFinite(nearest) ? nearest : null;
}
