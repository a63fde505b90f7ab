/** The pitch with its markings, a covered floor, or the bare ground. */
import type { Geometry } from "../../../shared/api/words";
import type { Tones } from "./draw";
import { project, projectPolygon, type Camera } from "./projection";

/** The canvas, the eye, and the colours of a drawing. */
export interface Scene {
  pen: CanvasRenderingContext2D;
  camera: Camera;
  tones: Tones;
}

export const STAGE_HEIGHT_M = 1.8;
const GROUND_M = 400;
/** Grass around the lines. */
const MARGIN_M = 4;
const STRIPES = 18;
const LINE_M = 0.12;
const PENALTY_AREA = { depth: 16.5, wide: 20.16, spot: 11, arc: 9.15 } as const;
const GOAL_AREA = { depth: 5.5, wide: 9.16 } as const;
const GOAL = { wide: 3.66, height: 2.44, depth: 2 } as const;
/** A pitch that is smaller has only its outline. */
const LEAST = { long: 80, wide: 45 } as const;

const rectangle = (left: number, bottom: number, right: number, top: number, z = 0): number[] => [
  left, bottom, z, right, bottom, z, right, top, z, left, top, z,
];

/** Fill a polygon x, y, z, … in metres. */
export function fill({ pen, camera }: Scene, polygon: readonly number[], colour: string): void {
  const pixels = projectPolygon(camera, polygon);
  if (pixels.length < 6) return;
  pen.fillStyle = colour;
  pen.beginPath();
  for (let corner = 0; corner < pixels.length; corner += 2) pen.lineTo(pixels[corner]!, pixels[corner + 1]!);
  pen.fill();
}

export function drawFloor(scene: Scene, geometry: Geometry, covered: boolean): void {
  const { tones } = scene;
  const [x, y] = [geometry.pitch[0]! / 200, geometry.pitch[1]! / 200];
  fill(scene, rectangle(-GROUND_M, -GROUND_M, GROUND_M, GROUND_M), tones.ground);
  if (x === 0 || y === 0) return;
  if (covered) return fill(scene, rectangle(-x - 1, -y - 1, x + 1, y + 1), tones.cover);
  fill(scene, rectangle(-x - MARGIN_M, -y - MARGIN_M, x + MARGIN_M, y + MARGIN_M), tones.grass[2]);
  for (let stripe = 0; stripe < STRIPES; stripe += 1) {
    const from = -x + (2 * x * stripe) / STRIPES;
    fill(scene, rectangle(from, -y, from + (2 * x) / STRIPES + 0.05, y), tones.grass[stripe % 2]!);
  }
  for (const path of markings(x, y)) line(scene, path);
}

/** Lines of the pitch, each x, y, … in metres. */
export function markings(x: number, y: number): number[][] {
  const outline = [-x, -y, x, -y, x, y, -x, y, -x, -y];
  const lines = [outline, [0, -y, 0, y]];
  if (2 * x < LEAST.long || 2 * y < LEAST.wide) return lines;
  lines.push(arc(0, 0, PENALTY_AREA.arc, 0, 360), arc(0, 0, 0.2, 0, 360));
  for (const end of [-1, 1]) {
    const at = (metres: number): number => end * (x - metres);
    const turn = end > 0 ? 180 : 0;
    const half = (Math.acos((PENALTY_AREA.depth - PENALTY_AREA.spot) / PENALTY_AREA.arc) * 180) / Math.PI;
    lines.push(
      [at(0), -PENALTY_AREA.wide, at(PENALTY_AREA.depth), -PENALTY_AREA.wide, at(PENALTY_AREA.depth), PENALTY_AREA.wide, at(0), PENALTY_AREA.wide],
      [at(0), -GOAL_AREA.wide, at(GOAL_AREA.depth), -GOAL_AREA.wide, at(GOAL_AREA.depth), GOAL_AREA.wide, at(0), GOAL_AREA.wide],
      arc(at(PENALTY_AREA.spot), 0, PENALTY_AREA.arc, turn - half, turn + half),
      arc(at(PENALTY_AREA.spot), 0, 0.2, 0, 360),
      arc(at(0), -y, 1, end > 0 ? 90 : 0, end > 0 ? 180 : 90),
      arc(at(0), y, 1, end > 0 ? 180 : 270, end > 0 ? 270 : 360),
    );
  }
  return lines;
}

function arc(x: number, y: number, radius: number, from: number, to: number): number[] {
  const points: number[] = [];
  const steps = Math.max(4, Math.round((to - from) / 7.5));
  for (let step = 0; step <= steps; step += 1) {
    const angle = ((from + ((to - from) * step) / steps) * Math.PI) / 180;
    points.push(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  return points;
}

/** A line on the ground in pieces, each as wide as it looks at its distance; never thinner than a pixel. */
function line({ pen, camera, tones }: Scene, path: readonly number[]): void {
  pen.strokeStyle = tones.line;
  pen.lineCap = "round";
  for (let point = 0; point + 3 < path.length; point += 2) {
    const [ax, ay, bx, by] = path.slice(point, point + 4) as [number, number, number, number];
    const pieces = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / 6));
    for (let piece = 0; piece < pieces; piece += 1) {
      const at = (share: number): ReturnType<typeof project> => project(camera, ax + (bx - ax) * share, ay + (by - ay) * share, 0);
      const [from, to] = [at(piece / pieces), at((piece + 1) / pieces)];
      if (!from || !to) continue;
      const scale = camera.focal / ((from[2] + to[2]) / 2);
      pen.lineWidth = Math.max(0.9, LINE_M * scale);
      pen.globalAlpha = Math.min(0.95, 0.55 + LINE_M * scale);
      pen.beginPath();
      pen.moveTo(from[0], from[1]);
      pen.lineTo(to[0], to[1]);
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
}

/** The goals of a football pitch. */
export function goals(scene: Scene, geometry: Geometry): { x: number; y: number; paint: () => void }[] {
  const { pen, camera, tones } = scene;
  const [x, y] = [geometry.pitch[0]! / 200, geometry.pitch[1]! / 200];
  if (2 * x < LEAST.long || 2 * y < LEAST.wide) return [];
  return [-x, x].map((end) => ({
    x: end,
    y: 0,
    paint: () => {
      const back = end + Math.sign(end) * GOAL.depth;
      const net = [
        [end, -GOAL.wide, GOAL.height, end, GOAL.wide, GOAL.height, back, GOAL.wide, 0, back, -GOAL.wide, 0],
        [end, -GOAL.wide, 0, end, -GOAL.wide, GOAL.height, back, -GOAL.wide, 0],
        [end, GOAL.wide, 0, end, GOAL.wide, GOAL.height, back, GOAL.wide, 0],
      ];
      pen.globalAlpha = 0.22;
      for (const side of net) fill(scene, side, tones.line);
      pen.globalAlpha = 1;
      const frame = [[-GOAL.wide, 0], [-GOAL.wide, GOAL.height], [GOAL.wide, GOAL.height], [GOAL.wide, 0]] as const;
      const seen = frame.map(([across, z]) => project(camera, end, across, z));
      if (seen.some((point) => point === null)) return;
      pen.strokeStyle = tones.line;
      pen.lineWidth = Math.max(1.1, (LINE_M * camera.focal) / seen[0]![2]);
      pen.lineJoin = "round";
      pen.beginPath();
      for (const point of seen) pen.lineTo(point![0], point![1]);
      pen.stroke();
    },
  }));
}
