/** Draws the view of a viewpoint: sky, pitch or stage, stands from the furthest to the nearest, people in front. */
import type { Geometry } from "../../../shared/api/words";
import { parseHex, toHex, type Rgb } from "../../../shared/theme/colour";
import { AISLE_M, band, HALF_SEAT_M, standsOf, type Edge, type Run, type Stand } from "./bowl";
import { drawFloor, fill, goals, STAGE_HEIGHT_M, type Scene } from "./floor";
import { cameraAt, NEAR_M, project, projectPolygon, seenFrom, type Camera, type Point3 } from "./projection";
import { stageOf, type Viewpoint } from "./viewpoint";

/** Nearer than this, the steps of a row are drawn, and single seats; further away, a run is one surface. */
const STEPS_M = 30;
const SEATS_M = 14;
/** Seats that are drawn together, so that their order by distance is right. */
const CHUNK = 4;
/** Nearer than this, seats are taken. */
const PEOPLE_M = 9;
/** Distance at which a colour has half become that of the haze. */
const HAZE_M = 420;
const CROWD_M = 11;
const TRUSS_M = 11;
/** Seats and people that are nearer ahead would fill the picture. */
const LEAST_M = 0.45;
/** From the eye of a person who sits down to the seat. */
const SEATED_M = 0.75;

export interface Tones {
  sky: readonly [string, string];
  haze: Rgb;
  concrete: Rgb;
  wall: Rgb;
  seat: (colour: string) => Rgb;
  ground: string;
  grass: readonly [string, string, string];
  line: string;
  cover: string;
  stage: Rgb;
  people: readonly Rgb[];
  hair: readonly Rgb[];
  /** Direction of the light on the plan, and its strength. */
  light: readonly [x: number, y: number, strength: number];
}

const mixed = (first: Rgb, second: Rgb, share: number): Rgb =>
  [0, 1, 2].map((part) => first[part]! * (1 - share) + second[part]! * share) as unknown as Rgb;
const lit = (colour: Rgb, light: number): Rgb => colour.map((part) => part * light) as unknown as Rgb;

export const TONES: Record<"light" | "dark", Tones> = {
  light: {
    sky: ["#8fc1ea", "#e8f3fb"],
    haze: [222, 233, 242],
    concrete: [176, 180, 186],
    wall: [108, 113, 122],
    seat: (colour) => mixed(parseHex(colour), [255, 255, 255], 0.06),
    ground: "#a7adb3",
    grass: ["#3f8f4a", "#4a9d55", "#377f42"],
    line: "#ffffff",
    cover: "#8d9299",
    stage: [44, 47, 56],
    people: [[58, 66, 84], [86, 92, 106], [44, 52, 72], [104, 96, 96], [70, 60, 66]],
    hair: [[44, 34, 28], [70, 52, 38], [30, 27, 27], [98, 78, 56], [52, 46, 44]],
    light: [-0.5, 0.86, 0.1],
  },
  dark: {
    sky: ["#050813", "#1b2545"],
    haze: [24, 31, 56],
    concrete: [92, 98, 116],
    wall: [42, 46, 62],
    seat: (colour) => mixed(parseHex(colour), [18, 24, 50], 0.2),
    ground: "#3a4052",
    grass: ["#318243", "#3b934f", "#296d39"],
    line: "#eef5ee",
    cover: "#3a3f4e",
    stage: [16, 17, 24],
    people: [[36, 42, 62], [50, 53, 70], [30, 36, 56], [58, 54, 64], [44, 40, 52]],
    hair: [[24, 21, 26], [38, 31, 32], [20, 20, 27], [52, 43, 40], [31, 29, 36]],
    light: [0, 0, 0],
  },
};

interface Brush extends Scene {
  width: number;
  from: Viewpoint;
  eyeHeight: number;
}

interface Piece {
  /** Distance from the eye on the plan, squared. */
  far: number;
  paint: () => void;
}

export interface Options {
  width: number;
  height: number;
  mode: "light" | "dark";
  /** The pitch is covered, with a stage at its south end. */
  stage: boolean;
}

export function drawView(pen: CanvasRenderingContext2D, geometry: Geometry, from: Viewpoint, options: Options): void {
  const { width, height, stage } = options;
  const tones = TONES[options.mode];
  const covered = stage && geometry.pitch[0]! > 0;
  const corners = stageOf(geometry);
  const target: Point3 = covered ? [(corners[0] + corners[2]) / 2, 0, from.seat ? 0 : from.eye] : [0, 0, from.seat ? 0 : from.eye];
  const camera = cameraAt([from.x, from.y, from.eye], target, width, height);
  const brush: Brush = { pen, camera, tones, width, from, eyeHeight: from.eye - from.floor };

  const horizon = horizonOf(camera, height);
  const sky = pen.createLinearGradient(0, Math.min(0, horizon - height / 2), 0, horizon);
  sky.addColorStop(0, tones.sky[0]);
  sky.addColorStop(1, tones.sky[1]);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, width, height);
  drawFloor(brush, geometry, covered);

  const pieces: Piece[] = [];
  for (const stand of standsOf(geometry)) collect(brush, stand, pieces);
  if (covered) pieces.push(...stagePieces(brush, corners));
  else for (const goal of goals(brush, geometry)) pieces.push({ far: distance(from, goal.x, goal.y), paint: goal.paint });
  if (from.area) pieces.push(...crowd(brush, geometry));
  pieces.sort((first, second) => second.far - first.far);
  for (const piece of pieces) piece.paint();
}

/** The height in pixels where a level line of sight ends. */
function horizonOf(camera: Camera, height: number): number {
  const { ahead, eye } = camera;
  const level = project(camera, eye[0] + ahead[0] * 1e5, eye[1] + ahead[1] * 1e5, eye[2]);
  return Math.max(1, level ? level[1] : height / 2);
}

const distance = (from: Viewpoint, x: number, y: number): number => (x - from.x) ** 2 + (y - from.y) ** 2;

/** Add what is visible of a block: as a whole from afar, in single seats from nearby. */
function collect(brush: Brush, stand: Stand, pieces: Piece[]): void {
  const { from } = brush;
  if (isOutside(brush, stand.x, stand.y, stand.reach + 2)) return;
  const away = Math.sqrt(distance(from, stand.x, stand.y));
  if (away - stand.reach > STEPS_M) {
    pieces.push({
      far: away ** 2,
      paint: () => {
        backWall(brush, stand, away);
        slab(brush, stand, away);
        frontWall(brush, stand, away);
        rows(brush, stand, stand.runs, away);
      },
    });
    return;
  }
  const [head, foot] = [farthest(from, stand.head.points), farthest(from, stand.foot.points)];
  pieces.push({ far: Math.max(head, foot) + 4, paint: () => slab(brush, stand, away) });
  pieces.push({ far: head + 2, paint: () => backWall(brush, stand, away) });
  pieces.push({ far: foot, paint: () => frontWall(brush, stand, away) });
  for (const run of stand.runs) {
    if (isOutside(brush, run.x, run.y, run.reach + 2)) continue;
    const near = Math.sqrt(distance(from, run.x, run.y));
    if (near - run.reach > STEPS_M) {
      pieces.push({ far: near ** 2, paint: () => rows(brush, stand, [run], near) });
      continue;
    }
    const count = run.at.length / 2;
    for (let first = 0; first < count; first += CHUNK) {
      const last = Math.min(first + CHUNK, count) - 1;
      const middle = (first + last) >> 1;
      const far = distance(from, run.at[2 * middle]!, run.at[2 * middle + 1]!);
      pieces.push({ far, paint: () => seats(brush, stand, run, first, last) });
    }
  }
}

const farthest = (from: Viewpoint, points: Edge["points"]): number => Math.max(...points.map(([x, y]) => distance(from, x, y)));

/** Whether a circle on the plan is behind the eye or beside the picture. */
function isOutside({ camera, width, from }: Brush, x: number, y: number, reach: number): boolean {
  const [right, , ahead] = seenFrom(camera, x, y, from.eye);
  if (ahead + reach < NEAR_M) return true;
  return Math.abs(right) - reach > (Math.max(ahead, 0) + reach) * (width / 2 / camera.focal);
}

/** A colour at a distance, in the light that falls on a run: higher rows and every other row are lighter. */
function shade({ tones }: Brush, colour: Rgb, run: Pick<Run, "away" | "row" | "share">, away: number, light = 1): string {
  const [x, y, strength] = tones.light;
  const facing = -(run.away[0]! * x + run.away[1]! * y) * strength;
  const steps = 0.9 + 0.12 * run.share + (run.row % 2 ? 0.035 : -0.035);
  return toHex(mixed(lit(colour, light * (steps + facing)), tones.haze, Math.min(0.6, away / (away + HAZE_M))));
}

/** The concrete below all rows of a block, which is seen in its aisles. */
function slab(brush: Brush, { foot, head, runs }: Stand, away: number): void {
  const behind = head.points.map(([x, y, dx, dy]) => [x + dx * head.reach, y + dy * head.reach, head.floor - 0.1]);
  const before = foot.points.map(([x, y, dx, dy]) => [x - dx * foot.reach, y - dy * foot.reach, foot.floor - 0.1]);
  fill(brush, [...before, ...behind.reverse()].flat(), shade(brush, brush.tones.concrete, runs[0]!, away, 0.96));
}

/** Whether the eye is on the side of the pitch of an edge, where the walls are seen. */
function isBefore(from: Viewpoint, { points, reach }: Edge): boolean {
  const [x, y, dx, dy] = points[points.length >> 1]!;
  return (from.x - x - dx * reach) * dx + (from.y - y - dy * reach) * dy < 0;
}

function frontWall(brush: Brush, { foot, bottom, runs }: Stand, away: number): void {
  if (!isBefore(brush.from, { ...foot, reach: -foot.reach })) return;
  const [low, high] = [bottom, foot.floor + 0.1].map((z) => foot.points.map(([x, y, dx, dy]) => [x - dx * foot.reach, y - dy * foot.reach, z]));
  fill(brush, [...low!, ...high!.reverse()].flat(), shade(brush, brush.tones.concrete, runs[0]!, away, 0.86));
}

function backWall(brush: Brush, { block, head, top, runs }: Stand, away: number): void {
  if (!isBefore(brush.from, head)) return;
  const [low, high] = [head.floor - 0.3, top].map((z) => head.points.map(([x, y, dx, dy]) => [x + dx * head.reach, y + dy * head.reach, z]));
  const colour = block.kind === "box" ? lit(brush.tones.wall, 0.7) : brush.tones.wall;
  fill(brush, [...low!, ...high!.reverse()].flat(), shade(brush, colour, runs[0]!, away));
}

/** Rows from afar: one surface for the seats of each run, in few colours, so that a whole block is drawn at once. */
function rows(brush: Brush, stand: Stand, runs: readonly Run[], away: number): void {
  const { tones, from, pen, camera } = brush;
  const seat = tones.seat(stand.colour);
  const boxed = stand.block.kind === "box" ? mixed(seat, tones.wall, 0.5) : seat;
  const alike = new Map<string, Run[]>();
  for (const run of runs) {
    // Looking down on a step, one sees more of its concrete.
    const downwards = Math.max(0, Math.min(0.3, (from.eye - run.floor) / away));
    const key = `${run.row % 2} ${Math.round(run.share * 3)} ${Math.round(downwards * 20)}`;
    const same = alike.get(key);
    if (same) same.push(run);
    else alike.set(key, [run]);
  }
  for (const [key, same] of alike) {
    const [row, share, downwards] = key.split(" ").map(Number) as [number, number, number];
    pen.fillStyle = shade(brush, mixed(boxed, tones.concrete, downwards / 20), { away: same[0]!.away, row, share: share / 3 }, away);
    pen.beginPath();
    for (const run of same) {
      const pixels = projectPolygon(camera, run.surface);
      if (pixels.length < 6) continue;
      pen.moveTo(pixels[0]!, pixels[1]!);
      for (let corner = 2; corner < pixels.length; corner += 2) pen.lineTo(pixels[corner]!, pixels[corner + 1]!);
      pen.closePath();
    }
    pen.fill();
  }
}

/** Some seats of a run from nearby: the step, the backs of its seats, and who sits in front of the viewpoint. */
function seats(brush: Brush, { block, colour }: Stand, run: Run, first: number, last: number): void {
  const { tones, from, camera } = brush;
  const middle = (first + last) >> 1;
  const [x, y, dx, dy] = [run.at[2 * middle]!, run.at[2 * middle + 1]!, run.away[2 * middle]!, run.away[2 * middle + 1]!];
  const [, up, ahead] = seenFrom(camera, x, y, run.floor + brush.eyeHeight + 0.2);
  if (ahead > 1 && camera.middle[1] - (up * camera.focal) / ahead > 2 * camera.middle[1]) return; // below the picture
  const away = Math.hypot(x - from.x, y - from.y);
  const facing = (from.x - x) * dx + (from.y - y) * dy < 0;
  if (facing) fill(brush, band(run, first, last, 1, AISLE_M, -run.front, run.before - 0.05, -run.front, run.floor), shade(brush, tones.concrete, run, away, 0.74));
  fill(brush, band(run, first, last, 1, AISLE_M, -run.front - 0.02, run.floor, run.back + 0.03, run.floor), shade(brush, tones.concrete, run, away));
  const cloth = tones.seat(colour);
  const [backs, pans] = [shade(brush, cloth, run, away, facing ? 1.04 : 0.9), shade(brush, cloth, run, away, 0.8)];
  if (away > SEATS_M) {
    fill(brush, band(run, first, last, 1, HALF_SEAT_M, 0.2, run.floor + 0.1, 0.25, run.floor + 0.84), backs);
    return;
  }
  const own = from.seat?.block === block && from.seat.row === run.row;
  // People sit in the rows in front; neighbours of the own row and rows behind are left out.
  const taken = !own && !facing && (from.seat?.block === block ? run.row < from.seat.row : run.floor < from.floor - 0.05);
  for (let seat = first; seat <= last; seat += 1) {
    const [sx, sy, ax, ay] = [run.at[2 * seat]!, run.at[2 * seat + 1]!, run.away[2 * seat]!, run.away[2 * seat + 1]!];
    if (seenFrom(camera, sx, sy, run.floor + 0.8)[2] < LEAST_M) continue;
    const back = plate(sx, sy, ax, ay, 0.2, run.floor + 0.4, 0.25, run.floor + 0.84);
    if (facing) fill(brush, back, backs);
    fill(brush, plate(sx, sy, ax, ay, -0.22, run.floor + 0.43, 0.2, run.floor + 0.41), pans);
    if (taken && Math.hypot(sx - from.x, sy - from.y) < PEOPLE_M) person(brush, sx, sy, run.floor, brush.eyeHeight, SEATED_M, run.first + seat + 7 * run.row);
    if (!facing) fill(brush, back, backs);
  }
}

/** A plate as wide as a seat, from `near` to `far` metres behind its middle. */
function plate(x: number, y: number, dx: number, dy: number, near: number, low: number, far: number, high: number): number[] {
  const half = 0.215;
  return [
    x + dx * near - dy * half, y + dy * near + dx * half, low,
    x + dx * near + dy * half, y + dy * near - dx * half, low,
    x + dx * far + dy * half, y + dy * far - dx * half, high,
    x + dx * far - dy * half, y + dy * far + dx * half, high,
  ];
}

/** A person from behind as a soft silhouette, down to `length` below the eye; the same at each drawing. */
function person({ pen, camera, tones }: Brush, x: number, y: number, floor: number, eyeHeight: number, length: number, seed: number): void {
  const random = Math.abs(Math.sin(seed * 12.9898) * 43_758.5453) % 1;
  const eye = floor + eyeHeight + (random - 0.5) * 0.06;
  const seen = project(camera, x, y, eye);
  if (!seen || seen[2] < LEAST_M) return;
  const scale = camera.focal / seen[2];
  const [px, py] = [seen[0] + (random - 0.5) * 0.08 * scale, seen[1]];
  const pick = Math.floor(random * 97);
  const cloth = tones.people[pick % tones.people.length]!;
  const at = (dx: number, dy: number): [number, number] => [px + dx * scale, py + dy * scale];
  pen.fillStyle = toHex(cloth);
  pen.beginPath();
  pen.moveTo(...at(-0.24, length));
  pen.bezierCurveTo(...at(-0.245, 0.4), ...at(-0.24, 0.27), ...at(-0.075, 0.2));
  pen.lineTo(...at(-0.055, 0.08));
  pen.lineTo(...at(0.055, 0.08));
  pen.lineTo(...at(0.075, 0.2));
  pen.bezierCurveTo(...at(0.24, 0.27), ...at(0.245, 0.4), ...at(0.24, length));
  pen.fill();
  pen.fillStyle = toHex(tones.hair[(pick * 7) % tones.hair.length]!);
  pen.beginPath();
  pen.ellipse(px, py, 0.083 * scale, 0.118 * scale, 0, 0, 2 * Math.PI);
  pen.fill();
}

/** The stage: a platform, and a frame above its edge. */
function stagePieces(brush: Brush, [left, bottom, right, top]: readonly [number, number, number, number]): Piece[] {
  const { tones, from, pen, camera } = brush;
  const low = STAGE_HEIGHT_M;
  const paint = (polygon: number[], light: number): void => fill(brush, polygon, toHex(lit(tones.stage, light)));
  const frame = (x: number): void => {
    const corners = [[bottom, low], [bottom, TRUSS_M], [top, TRUSS_M], [top, low]] as const;
    const seen = corners.map(([y, z]) => project(camera, x, y, z));
    pen.strokeStyle = toHex(lit(tones.stage, 1.2));
    pen.lineJoin = "round";
    pen.lineCap = "butt";
    for (let corner = 1; corner < seen.length; corner += 1) {
      const [start, end] = [seen[corner - 1], seen[corner]];
      if (!start || !end) continue;
      pen.lineWidth = Math.max(1.2, (0.7 * camera.focal) / ((start[2] + end[2]) / 2));
      pen.beginPath();
      pen.moveTo(start[0], start[1]);
      pen.lineTo(end[0], end[1]);
      pen.stroke();
    }
  };
  const sides = [[left, bottom, right, bottom], [left, top, right, top], [left, bottom, left, top], [right, bottom, right, top]] as const;
  const ordered = [...sides].sort((first, second) => distanceOf(from, second) - distanceOf(from, first));
  const ends = from.x < (left + right) / 2 ? [right, left] : [left, right];
  return [
    {
      far: distance(from, (left + right) / 2, Math.max(bottom, Math.min(top, from.y))),
      paint: () => {
        frame(ends[0]!);
        ordered.forEach(([ax, ay, bx, by]) => paint([ax, ay, 0, bx, by, 0, bx, by, low, ax, ay, low], ax === bx ? 1 : 0.85));
        paint([left, bottom, low, left, top, low, right, top, low, right, bottom, low], 1.7);
        frame(ends[1]!);
      },
    },
  ];
}

const distanceOf = (from: Viewpoint, [ax, ay, bx, by]: readonly [number, number, number, number]): number =>
  distance(from, (ax + bx) / 2, (ay + by) / 2);

/** People who stand around the viewpoint in its area, with a free space directly in front. */
function crowd(brush: Brush, geometry: Geometry): Piece[] {
  const { from, eyeHeight } = brush;
  const area = geometry.areas.find(({ code }) => code === from.area)!;
  const pieces: Piece[] = [];
  for (let row = -14; row <= 14; row += 1)
    for (let column = -14; column <= 14; column += 1) {
      const random = (value: number): number => Math.abs(Math.sin((row * 31 + column * 57 + value) * 12.9898) * 43_758.5453) % 1;
      const [x, y] = [from.x + column * 0.85 + (random(1) - 0.5) * 0.5, from.y + row * 0.85 + (random(2) - 0.5) * 0.5];
      const far = distance(from, x, y);
      if (far < 1.6 ** 2 || far > CROWD_M ** 2 || !isInside(area.outline, x * 100, y * 100)) continue;
      pieces.push({ far, paint: () => person(brush, x, y, 0, eyeHeight - 0.06 + 0.1 * (random(3) - 0.5), eyeHeight, row * 31 + column) });
    }
  return pieces;
}

function isInside(outline: readonly number[], x: number, y: number): boolean {
  let inside = false;
  for (let corner = 0, before = outline.length - 2; corner < outline.length; before = corner, corner += 2) {
    const [ax, ay, bx, by] = [outline[corner]!, outline[corner + 1]!, outline[before]!, outline[before + 1]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
