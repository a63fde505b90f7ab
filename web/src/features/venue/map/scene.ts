/** Content of the map: shapes, seats and prices of an event's venue in one orientation. */
import type { BlockGeometry, BlockLabels, Category, Geometry, Offer } from "../../../shared/api/words";
import { featuresOf, labels, rowsOf, seatPoints, shape, type Box, type SeatPoints, type Shape } from "../../../shared/geometry";

const MARGIN = 7;

export interface SeatName {
  block: string;
  row: string;
  seat: string;
  features: number;
  sightline: number;
}
interface Named {
  rows: string[];
  seats: string[];
  features: Uint8Array;
  sightline: number[];
}

export class Scene {
  readonly shapes: readonly Shape[];
  readonly areas: readonly Shape[];
  readonly bounds: Box;
  readonly #blocks = new Map<string, BlockGeometry>();
  readonly #shapes = new Map<string, Shape>();
  readonly #points = new Map<string, SeatPoints>();
  readonly #names = new Map<string, Named>();
  readonly #categories = new Map<string, Category>();

  constructor(
    readonly geometry: Geometry,
    readonly offer: Offer,
    readonly portrait: boolean,
  ) {
    for (const block of geometry.blocks) this.#blocks.set(block.code, block);
    for (const category of offer.categories) this.#categories.set(category.id, category);
    this.shapes = geometry.blocks.map((block) => shape(block.code, block.outline, portrait, block.centre));
    const open = new Set(offer.areas.map((area) => area.area));
    this.areas = geometry.areas.filter((area) => open.has(area.code)).map((area) => shape(area.code, area.outline, portrait));
    for (const shape of this.shapes) this.#shapes.set(shape.code, shape);
    // The pitch is drawn also where the stands do not surround it.
    const [across, down] = geometry.pitch.map((side) => side / 200) as [number, number];
    const pitch = portrait ? { left: -down, right: down, top: -across, bottom: across } : { left: -across, right: across, top: -down, bottom: down };
    const boxes = [pitch, ...this.shapes.map((shape) => shape.box)];
    this.bounds = {
      left: Math.min(...boxes.map((box) => box.left)) - MARGIN,
      right: Math.max(...boxes.map((box) => box.right)) + MARGIN,
      top: Math.min(...boxes.map((box) => box.top)) - MARGIN,
      bottom: Math.max(...boxes.map((box) => box.bottom)) + MARGIN,
    };
  }

  block(code: string): BlockGeometry {
    return this.#blocks.get(code)!;
  }

  shape(code: string): Shape {
    return this.#shapes.get(code)!;
  }

  category(code: string): Category | undefined {
    const block = this.offer.blocks[code];
    if (block) return this.#categories.get(block);
    const area = this.offer.areas.find((area) => area.area === code);
    return area && this.#categories.get(area.category_id);
  }

  points(code: string): SeatPoints {
    let points = this.#points.get(code);
    if (!points) {
      points = seatPoints(this.block(code), this.portrait);
      this.#points.set(code, points);
    }
    return points;
  }

  within(box: Box): Shape[] {
    return this.shapes.filter(
      ({ box: own }) => own.right >= box.left && own.left <= box.right && own.bottom >= box.top && own.top <= box.bottom,
    );
  }

  blockOf(place: number): BlockGeometry | undefined {
    return this.geometry.blocks.find((block) => place >= block.first_seat && place < block.first_seat + block.seat_count);
  }

  at(place: number): [number, number, number] | null {
    const block = this.blockOf(place);
    if (!block) return null;
    const points = this.points(block.code);
    const index = place - block.first_seat;
    return [points.at[2 * index]!, points.at[2 * index + 1]!, points.pitch[index]!];
  }

  /** The seat under a point, or the nearest one within `reach` metres. */
  hit(x: number, y: number, reach: number): number | null {
    let nearest: number | null = null;
    let lowest = reach * reach;
    for (const { code } of this.within({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach })) {
      const { at, block } = this.points(code);
      for (let index = 0; index < block.seat_count; index += 1) {
        const distance = (at[2 * index]! - x) ** 2 + (at[2 * index + 1]! - y) ** 2;
        if (distance < lowest) [lowest, nearest] = [distance, block.first_seat + index];
      }
    }
    return nearest;
  }

  /** The next seat in a direction on screen: along the row or in the next row. */
  next(place: number, dx: number, dy: number): number | null {
    const block = this.blockOf(place);
    if (!block) return null;
    const { at, row } = this.points(block.code);
    const index = place - block.first_seat;
    const beside = row[index + 1] === row[index] ? index + 1 : row[index - 1] === row[index] ? index - 1 : null;
    if (beside === null) return this.#nearest(place, dx, dy);
    const step = beside - index;
    const [tx, ty] = [(at[2 * beside]! - at[2 * index]!) * step, (at[2 * beside + 1]! - at[2 * index + 1]!) * step];
    if (Math.abs(tx) >= Math.abs(ty) === (dx !== 0)) {
      const along = index + Math.sign(tx * dx + ty * dy);
      return row[along] === row[index] ? block.first_seat + along : this.#nearest(place, dx, dy);
    }
    const across = [row[index]! - 1, row[index]! + 1].map((other) => nearestOf(this.points(block.code), index, other, dx, dy));
    const nearest = across.filter((place) => place !== null && place.forward > 0).sort((first, second) => second!.forward - first!.forward)[0];
    return nearest ? block.first_seat + nearest.index : this.#nearest(place, dx, dy);
  }

  /** The nearest seat of any block in a direction on screen. */
  #nearest(place: number, dx: number, dy: number): number | null {
    const origin = this.at(place);
    if (!origin) return null;
    const reach = 8;
    const box = { left: origin[0] - reach, right: origin[0] + reach, top: origin[1] - reach, bottom: origin[1] + reach };
    let nearest: number | null = null;
    let lowest = Number.POSITIVE_INFINITY;
    for (const { code } of this.within(box)) {
      const { at, block } = this.points(code);
      for (let index = 0; index < block.seat_count; index += 1) {
        const [ox, oy] = [at[2 * index]! - origin[0], at[2 * index + 1]! - origin[1]];
        const forward = ox * dx + oy * dy;
        const aside = Math.abs(ox * dy - oy * dx);
        if (forward < 0.2 || aside > forward * 1.1) continue;
        const cost = forward + 2.5 * aside;
        if (cost < lowest) [lowest, nearest] = [cost, block.first_seat + index];
      }
    }
    return nearest;
  }

  /** Load the labels of a block; resolves to whether they are known. */
  async learn(code: string): Promise<boolean> {
    if (this.#names.has(code)) return true;
    const answer = await labels(this.geometry.version, code);
    if (answer.ok) this.#names.set(code, named(answer.data));
    return answer.ok;
  }

  named(code: string): Named | undefined {
    return this.#names.get(code);
  }

  name(place: number): SeatName | null {
    const block = this.blockOf(place);
    const names = block && this.#names.get(block.code);
    if (!block || !names) return null;
    const index = place - block.first_seat;
    const row = this.points(block.code).row[index]!;
    return {
      block: block.code,
      row: names.rows[row]!,
      seat: names.seats[index]!,
      features: names.features[index]!,
      sightline: names.sightline[row]!,
    };
  }
}

/** The nearest seat in another row of a block, and its distance in a direction. */
function nearestOf({ at, row }: SeatPoints, from: number, other: number, dx: number, dy: number): { index: number; forward: number } | null {
  let nearest: { index: number; forward: number } | null = null;
  let lowest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < row.length; index += 1) {
    if (row[index] !== other) continue;
    const [ox, oy] = [at[2 * index]! - at[2 * from]!, at[2 * index + 1]! - at[2 * from + 1]!];
    const distance = Math.hypot(ox, oy);
    if (distance < lowest) [lowest, nearest] = [distance, { index, forward: ox * dx + oy * dy }];
  }
  return nearest;
}

function named(labels: BlockLabels): Named {
  const seats: string[] = [];
  for (const row of rowsOf(labels)) for (const { place, seat } of row.seats) seats[place - labels.first_seat] = String(seat);
  return { rows: labels.rows.map((row) => row.name), seats, features: featuresOf(labels), sightline: labels.sightline };
}
