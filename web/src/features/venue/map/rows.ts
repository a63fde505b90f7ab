/** Name of each visible row at both ends; an end outside the window moves to the window's edge. */
import { roundRect } from "../../../shared/runtime/floor";
import { PITCH } from "./painter";
import type { Palette } from "./palette";
import type { Pen } from "./picture";
import type { Scene } from "./scene";
import type { Viewport } from "./viewport";

/** With fewer pixels between two seats, names would overlap. */
const ROWS_FROM = 9;
const AWAY_M = 0.45;
const EDGE = 4;

export function rowNames(pen: Pen, scene: Scene, port: Viewport, colours: Palette, nameOf: (row: string) => string): void {
  if (port.scale * PITCH < ROWS_FROM) return;
  const size = Math.max(11, Math.min(port.scale * 0.3, 15));
  pen.font = `700 ${size}px Archivo, system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const written: Written = [];
  const [left, top] = port.metres(0, 0);
  const [right, bottom] = port.metres(port.width, port.height);
  for (const { code } of scene.within({ left, top, right, bottom })) {
    const names = scene.named(code)?.rows;
    if (!names) continue;
    const { at, row, block } = scene.points(code);
    for (let first = 0; first < block.seat_count; ) {
      let end = first;
      while (end + 1 < block.seat_count && row[end + 1] === row[first]) end += 1;
      const seen: number[] = [];
      for (let index = first; index <= end; index += 1) {
        const [x, y] = [at[2 * index]!, at[2 * index + 1]!];
        if (x >= left && x <= right && y >= top && y <= bottom) seen.push(index);
      }
      if (seen.length > 1) {
        const text = nameOf(names[row[first]!]!);
        label({ pen, port, colours, size, written }, text, at, seen[0]!, seen[1]!);
        label({ pen, port, colours, size, written }, text, at, seen.at(-1)!, seen.at(-2)!);
      }
      first = end + 1;
    }
  }
}

/** Centres and half sizes of the names drawn so far, to prevent overlaps. */
type Written = [x: number, y: number, across: number, down: number][];
interface Writing {
  pen: Pen;
  port: Viewport;
  colours: Palette;
  size: number;
  written: Written;
}

/** Place a name beyond a seat, away from its neighbour and inside the window. */
function label({ pen, port, colours, size, written }: Writing, text: string, at: ArrayLike<number>, seat: number, beside: number): void {
  const [x, y] = port.pixels(at[2 * seat]!, at[2 * seat + 1]!);
  const [bx, by] = port.pixels(at[2 * beside]!, at[2 * beside + 1]!);
  const length = Math.max(0.01, Math.hypot(x - bx, y - by));
  const [ux, uy] = [(x - bx) / length, (y - by) / length];
  const [across, down] = [pen.measureText(text).width / 2 + 4, size / 2 + 3];
  const away = AWAY_M * port.scale + Math.abs(ux) * across + Math.abs(uy) * down;
  const px = Math.min(port.width - across - EDGE, Math.max(across + EDGE, x + ux * away));
  const py = Math.min(port.height - down - EDGE, Math.max(down + EDGE, y + uy * away));
  if (written.some(([ox, oy, a, d]) => Math.abs(ox - px) < a + across - 3 && Math.abs(oy - py) < d + down - 3)) return;
  written.push([px, py, across, down]);
  pen.beginPath();
  roundRect(pen, px - across, py - down, 2 * across, 2 * down, 5);
  pen.fillStyle = colours.surface;
  pen.fill();
  pen.fillStyle = colours.ink;
  pen.fillText(text, px, py + size * 0.04);
}
