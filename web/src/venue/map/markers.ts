/** What lies over the seats and changes at once: the chosen ones and the seat under the pointer or the keyboard. */
import type { Palette } from "./palette";
import type { Scene } from "./scene";
import type { Viewport } from "./viewport";

export interface Marks {
  chosen: ReadonlySet<number>;
  cursor: number | null;
  focused: boolean;
}

export function markers(canvas: HTMLCanvasElement, port: Viewport, scene: Scene, marks: Marks, colours: Palette): void {
  const ratio = Math.min(devicePixelRatio || 1, 2.5);
  const width = Math.round(port.width * ratio);
  const height = Math.round(port.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const pen = canvas.getContext("2d")!;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, port.width, port.height);
  for (const place of marks.chosen) {
    const at = scene.at(place);
    if (at) tick(pen, port, at, colours);
  }
  const at = marks.cursor === null ? null : scene.at(marks.cursor);
  if (at) ring(pen, port, at, colours, marks.focused);
}

function tick(pen: CanvasRenderingContext2D, port: Viewport, [x, y, pitch]: readonly number[], colours: Palette): void {
  const [px, py] = port.pixels(x!, y!);
  const radius = Math.max(5, pitch! * port.scale * 0.5);
  pen.beginPath();
  pen.arc(px, py, radius, 0, 2 * Math.PI);
  pen.fillStyle = colours.accent;
  pen.fill();
  pen.lineWidth = Math.max(1.5, radius * 0.22);
  pen.strokeStyle = colours.onAccent;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(px - radius * 0.42, py + radius * 0.02);
  pen.lineTo(px - radius * 0.1, py + radius * 0.36);
  pen.lineTo(px + radius * 0.45, py - radius * 0.34);
  pen.stroke();
}

function ring(pen: CanvasRenderingContext2D, port: Viewport, [x, y, pitch]: readonly number[], colours: Palette, focused: boolean): void {
  const [px, py] = port.pixels(x!, y!);
  const radius = Math.max(6, pitch! * port.scale * 0.56);
  pen.beginPath();
  pen.arc(px, py, radius + 2, 0, 2 * Math.PI);
  pen.lineWidth = focused ? 4 : 2.5;
  pen.strokeStyle = focused ? colours.focus : colours.ink;
  pen.stroke();
}
