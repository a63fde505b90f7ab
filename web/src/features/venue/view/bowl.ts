/** The stands in three dimensions: blocks of runs of neighbouring seats on steps. */
import type { BlockGeometry, Geometry } from "../../../shared/api/words";
import { FIELDS, planPoints } from "../../../shared/geometry";
import { depthBetween } from "./viewpoint";

/** Beyond the last seat of a row: half of the widest aisle between two blocks. */
export const AISLE_M = 1.7;
const DEPTH_M = 0.8;
const DEPTH_MAX_M = 2;
export const HALF_SEAT_M = 0.24;
const BACKREST_M = 0.7;
/** Seats of an arc that are drawn as one straight line. */
const ARC_SEATS = 5;
/** Of a stand that the document does not name. */
const USUAL_COLOUR = "#8a8f98";
/** A stand whose first row is lower stands on the ground. */
const ON_GROUND_M = 4;
/** Height of the front of an upper tier. */
const FASCIA_M = 2.2;
/** Height of the wall behind the highest row. */
const PARAPET_M = 1.4;
/** Rows at the front and at the back of a block that may be narrower than it. */
const EDGE_ROWS = 6;
/** Highest wall between two tiers. */
const WALL_MAX_M = 5;

/** A run of neighbouring seats and the step that it stands on. Lengths and heights are in metres. */
export interface Run {
  row: number;
  /** Position of the first seat in its block. */
  first: number;
  /** Seats: x, y, … */
  at: Float32Array;
  /** Directions away from the pitch at each seat: x, y, … */
  away: Float32Array;
  /** 1 if the seats go to the right for who looks away from the pitch, -1 if to the left. */
  sense: 1 | -1;
  /** Centre and half the length. */
  x: number;
  y: number;
  reach: number;
  /** Height of the step, of the one in front and of the one behind. */
  floor: number;
  before: number;
  behind: number;
  /** The step before and behind the seats. */
  front: number;
  back: number;
  /** Position of the row among the rows of its block, from 0 to 1. */
  share: number;
  /** Its seats as one surface x, y, z, …, as drawn from afar. */
  surface: Float32Array;
}

export interface Stand {
  block: BlockGeometry;
  colour: string;
  runs: Run[];
  x: number;
  y: number;
  reach: number;
  /** The front and the back of the block, from end to end. */
  foot: Edge;
  head: Edge;
  /** Height of the foot of the front wall, and of the top of the wall behind. */
  bottom: number;
  top: number;
}

/** Points of a row with the direction away from the pitch, and how far before or behind them the edge is. */
export interface Edge {
  points: [x: number, y: number, dx: number, dy: number][];
  floor: number;
  reach: number;
}

const bowls = new WeakMap<Geometry, Stand[]>();

/** All blocks of a venue whose rows have a known height. */
export function standsOf(geometry: Geometry): Stand[] {
  let stands = bowls.get(geometry);
  if (!stands) {
    const colours = new Map(geometry.stands.map(({ code, colour }) => [code, colour]));
    const tiers = new Map<string, Tier[]>();
    for (const { stand, ring, heights } of geometry.blocks)
      tiers.set(stand, [...(tiers.get(stand) ?? []), { ring, first: Math.min(...known(heights)) }]);
    stands = geometry.blocks
      .map((block) => standOf(block, colours.get(block.stand) ?? USUAL_COLOUR, topOf(block, tiers.get(block.stand)!)))
      .filter((stand) => stand !== null);
    bowls.set(geometry, stands);
  }
  return stands;
}

const known = (heights: readonly (number | null)[] | undefined): number[] =>
  (heights ?? []).filter((height) => height !== null).map((height) => height / 100);

/** A block of a stand: its ring, and the height of its first row. */
interface Tier {
  ring: number;
  first: number;
}

/** Height of the wall behind a block: up to the next tier of its stand, or a parapet. */
function topOf(block: BlockGeometry, tiers: readonly Tier[]): number {
  const last = Math.max(...known(block.heights));
  const next = Math.min(...tiers.filter(({ ring, first }) => ring > block.ring && first > last).map(({ first }) => first));
  return Math.min(Number.isFinite(next) ? next : last + PARAPET_M, last + WALL_MAX_M);
}

function standOf(block: BlockGeometry, colour: string, top: number): Stand | null {
  const points = planPoints(block);
  const heights = block.heights ?? [];
  const directions = directionsOf(block, points.at);
  const seatsOfRow = new Map<number, number[]>();
  for (let seat = 0; seat < block.seat_count; seat += 1) {
    const row = points.row[seat]!;
    if (typeof heights[row] !== "number") continue;
    const seats = seatsOfRow.get(row) ?? [];
    seats.push(seat);
    seatsOfRow.set(row, seats);
  }
  const rows = [...seatsOfRow.keys()].sort((first, second) => first - second);
  if (rows.length === 0) return null;
  const depth = new Map<number, number>();
  for (const row of rows) {
    const seats = seatsOfRow.get(row)!;
    depth.set(row, Math.min(DEPTH_MAX_M, depthBetween(points, seats[seats.length >> 1]!, row - 1) ?? DEPTH_M));
  }
  const height = (row: number): number => heights[row]! / 100;
  const curved = block.frame[3] === 1 || Boolean(block.points?.length);
  const runs: Run[] = [];
  for (let field = 0, next = 0; field < block.segments.length; field += FIELDS) {
    const [row, count] = [block.segments[field]!, block.segments[field + 4]!];
    const first = next;
    next += count;
    if (!seatsOfRow.has(row)) continue;
    const at = points.at.subarray(2 * first, 2 * next);
    const away = directions.subarray(2 * first, 2 * next);
    const final = 2 * count - 2;
    const [x, y] = [(at[0]! + at[final]!) / 2, (at[1]! + at[final + 1]!) / 2];
    const floor = height(row);
    const sense = (at[final]! - at[0]!) * away[1]! - (at[final + 1]! - at[1]!) * away[0]! < 0 ? -1 : 1;
    const behind = seatsOfRow.has(row + 1) ? height(row + 1) : floor;
    const [front, back] = [depth.get(row)! / 2, (depth.get(row + 1) ?? DEPTH_M) / 2];
    const step = curved ? ARC_SEATS : Math.max(1, count - 1);
    const top = Math.max((floor + behind) / 2, floor + BACKREST_M);
    runs.push({
      row, first, at, away, x, y, floor, sense, behind, front, back,
      surface: Float32Array.from(band({ at, away, sense }, 0, count - 1, step, HALF_SEAT_M, -front * 0.5, floor + 0.25, back * 0.85, top)),
      reach: Math.hypot(at[0]! - x, at[1]! - y) + 1,
      before: seatsOfRow.has(row - 1) ? height(row - 1) : floor,
      share: rows.length > 1 ? row / (rows.at(-1)! || 1) : 0,
    });
  }
  // The first and last rows may have fewer seats than others: the edges have the width of the widest row near them.
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const widest = (near: number[]): number =>
    near.reduce((best, row) => (seatsOfRow.get(row)!.length > seatsOfRow.get(best)!.length ? row : best));
  const [front, back] = [widest(rows.slice(0, EDGE_ROWS)), widest(rows.slice(-EDGE_ROWS))];
  const between = (low: number, high: number): number =>
    rows.filter((row) => row > low && row <= high).reduce((sum, row) => sum + depth.get(row)!, 0);
  const edge = (row: number, reach: number, floor: number): Edge => ({
    points: endToEnd(seatsOfRow.get(row)!, points.at, directions),
    reach,
    floor,
  });
  const [x, y] = [block.centre[0]! / 100, block.centre[1]! / 100];
  let reach = 0;
  for (let seat = 0; seat < points.at.length; seat += 2) reach = Math.max(reach, Math.hypot(points.at[seat]! - x, points.at[seat + 1]! - y));
  return {
    block, colour, runs, x, y, reach: reach + 1, top,
    foot: edge(front, between(first, front) + DEPTH_M / 2, height(first)),
    head: edge(back, between(back, last) + DEPTH_M / 2 + 0.2, height(last)),
    bottom: height(first) < ON_GROUND_M ? 0 : height(first) - FASCIA_M,
  };
}

/** Some points of a row; its ends reach over half an aisle. */
function endToEnd(seats: readonly number[], at: Float32Array, away: Float32Array): Edge["points"] {
  const step = Math.max(1, Math.min(4, seats.length - 1));
  const chosen = seats.filter((_, index) => index % step === 0);
  if (chosen.at(-1) !== seats.at(-1)) chosen.push(seats.at(-1)!);
  const points = chosen.map((seat): Edge["points"][number] => [at[2 * seat]!, at[2 * seat + 1]!, away[2 * seat]!, away[2 * seat + 1]!]);
  const [first, last] = [points[0]!, points.at(-1)!];
  const sense = (last[0] - first[0]) * first[3] - (last[1] - first[1]) * first[2] < 0 ? -1 : 1;
  const moved = ([x, y, dx, dy]: Edge["points"][number], metres: number): Edge["points"][number] => [x + dy * metres, y - dx * metres, dx, dy];
  return [moved(first, -AISLE_M * sense), ...points.slice(1, -1), moved(last, AISLE_M * sense)];
}

/** Direction away from the pitch at each seat: of the block's frame, or across the row where seats are placed one by one. */
function directionsOf(block: BlockGeometry, at: Float32Array): Float32Array {
  const [frameX, frameY, mdeg, curved] = block.frame as [number, number, number, number];
  const away = new Float32Array(at.length);
  const placed = Boolean(block.points?.length);
  for (let seat = 0; seat < at.length; seat += 2) {
    const [x, y] = [at[seat]!, at[seat + 1]!];
    let [dx, dy] = [Math.cos((mdeg / 180_000) * Math.PI), Math.sin((mdeg / 180_000) * Math.PI)];
    if (placed) {
      const [from, to] = [Math.max(0, seat - 2), Math.min(at.length - 2, seat + 2)];
      [dx, dy] = from === to ? [x, y] : [at[to + 1]! - at[from + 1]!, at[from]! - at[to]!];
      if (dx * x + dy * y < 0) [dx, dy] = [-dx, -dy];
    } else if (curved) [dx, dy] = [x - frameX / 100, y - frameY / 100];
    const length = Math.hypot(dx, dy) || 1;
    [away[seat], away[seat + 1]] = [dx / length, dy / length];
  }
  return away;
}

/** Seats of a run with their directions away from the pitch, and on which side the next seat is. */
type Line = Pick<Run, "at" | "away" | "sense">;

/** Points along some seats of a run, with their directions away from the pitch; both ends reach beyond the last seats. */
function seatLine(run: Line, first: number, last: number, step: number, ends: number): [x: number, y: number, dx: number, dy: number][] {
  const final = run.at.length / 2 - 1;
  const point = (seat: number, beyond: number): [number, number, number, number] => {
    const [dx, dy] = [run.away[2 * seat]!, run.away[2 * seat + 1]!];
    const reach = beyond * run.sense * (seat === (beyond < 0 ? 0 : final) ? ends : HALF_SEAT_M + 0.03);
    return [run.at[2 * seat]! + dy * reach, run.at[2 * seat + 1]! - dx * reach, dx, dy];
  };
  const points = [point(first, -1)];
  for (let seat = first + step; seat < last; seat += step) points.push(point(seat, 0));
  points.push(point(last, 1));
  return points;
}

/** A band x, y, z, … along a run: one edge at `near` metres before the seats, the other at `far` metres behind them. */
export function band(
  run: Line, first: number, last: number, step: number, ends: number,
  near: number, nearHeight: number, far: number, farHeight: number,
): number[] {
  const [before, behind]: [number[], number[][]] = [[], []];
  for (const [x, y, dx, dy] of seatLine(run, first, last, step, ends)) {
    before.push(x + dx * near, y + dy * near, nearHeight);
    behind.push([x + dx * far, y + dy * far, farHeight]);
  }
  return [...before, ...behind.reverse().flat()];
}
