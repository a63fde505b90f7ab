/** Canvas drawing of the pitch (law 1), the players, and the ball with its shadow. */
import { roundRect } from "../../shared/runtime/floor";
import { named, QUANTUM_M, type Moment } from "./encoding";
import type { Shirt } from "./shirts";

export const LENGTH_M = 105;
export const WIDTH_M = 68;
export const EDGE_M = 3;
const BOX_M = [16.5, 40.32] as const;
const GOAL_AREA_M = [5.5, 18.32] as const;
const CIRCLE_M = 9.15;
const SPOT_M = 11;
const GOAL_M = 7.32;

export interface Look {
  grass: string;
  line: string;
  home: Shirt;
  away: Shirt;
  font: string;
}

/** Draw a moment; `width` and `height` in CSS pixels, `density` device pixels to one of them. */
export function draw(on: CanvasRenderingContext2D, moment: Moment | null, look: Look, width: number, density: number): void {
  const scale = width / (LENGTH_M + 2 * EDGE_M);
  on.setTransform(density, 0, 0, density, 0, 0);
  on.fillStyle = look.grass;
  on.fillRect(0, 0, width, scale * (WIDTH_M + 2 * EDGE_M));
  on.translate(width / 2, scale * (WIDTH_M / 2 + EDGE_M));
  lines(on, scale, look.line);
  if (!moment) return;
  const radius = Math.max(8, 1.5 * scale);
  for (const [name, [x, y]] of [...moment.spots].sort(([, first], [, other]) => other[1] - first[1]))
    player(on, x * QUANTUM_M * scale, -y * QUANTUM_M * scale, radius, name, look);
  if (moment.ball) ball(on, moment.ball.map((coordinate) => coordinate * QUANTUM_M * scale) as [number, number, number], Math.max(4, 0.7 * scale));
}

function lines(on: CanvasRenderingContext2D, scale: number, colour: string): void {
  on.strokeStyle = colour;
  on.fillStyle = colour;
  on.lineWidth = Math.max(1, 0.25 * scale);
  const [long, wide] = [LENGTH_M / 2, WIDTH_M / 2];
  const box = (x: number, y: number, w: number, h: number): void => on.strokeRect(x * scale, y * scale, w * scale, h * scale);
  box(-long, -wide, LENGTH_M, WIDTH_M);
  on.beginPath();
  on.moveTo(0, -wide * scale);
  on.lineTo(0, wide * scale);
  on.moveTo(CIRCLE_M * scale, 0);
  on.arc(0, 0, CIRCLE_M * scale, 0, 2 * Math.PI);
  on.stroke();
  for (const end of [-1, 1]) {
    for (const [deep, broad] of [BOX_M, GOAL_AREA_M]) box(end * long, -broad / 2, -end * deep, broad);
    box(end * long, -GOAL_M / 2, end * 2, GOAL_M);
    const spot = end * (long - SPOT_M) * scale;
    on.beginPath();
    on.arc(spot, 0, 0.4 * scale, 0, 2 * Math.PI);
    on.fill();
    const open = Math.acos((BOX_M[0] - SPOT_M) / CIRCLE_M);
    on.beginPath();
    on.arc(spot, 0, CIRCLE_M * scale, (end > 0 ? Math.PI : 0) - open, (end > 0 ? Math.PI : 0) + open);
    on.stroke();
  }
}

/** Home players are round, away players square, so that colour is not the only difference. */
function player(on: CanvasRenderingContext2D, x: number, y: number, radius: number, name: string, look: Look): void {
  const { side, shirt } = named(name);
  const { fill, number, ring } = look[side];
  on.beginPath();
  if (side === "home") on.arc(x, y, radius, 0, 2 * Math.PI);
  else roundRect(on, x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8, radius * 0.3);
  on.fillStyle = fill;
  on.fill();
  on.lineWidth = 1.5;
  on.strokeStyle = ring;
  on.stroke();
  on.fillStyle = number;
  on.font = `800 ${Math.round(radius * 1.15)}px ${look.font}`;
  on.textAlign = "center";
  on.textBaseline = "middle";
  on.fillText(String(shirt), x, y + 0.5);
}

/** A high ball is drawn larger and away from its shadow. */
function ball(on: CanvasRenderingContext2D, [x, y, height]: [number, number, number], radius: number): void {
  on.beginPath();
  on.ellipse(x, -y, radius, radius * 0.7, 0, 0, 2 * Math.PI);
  on.fillStyle = "rgb(0 0 0 / 45%)";
  on.fill();
  on.beginPath();
  on.arc(x, -y - height * 0.7 - 1, radius * (1 + Math.min(0.6, height / 120)), 0, 2 * Math.PI);
  on.fillStyle = "#ffffff";
  on.fill();
  on.lineWidth = 1.5;
  on.strokeStyle = "#10131f";
  on.stroke();
}
