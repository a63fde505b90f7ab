/** Layer over the seats: row names, chosen seats and the seat under the pointer or keyboard focus. */
import type { Palette } from "./palette";
import { Picture, type Pen } from "./picture";
import { rowNames } from "./rows";
import type { Scene } from "./scene";
import type { View, Viewport } from "./viewport";

export interface Marks {
  chosen: ReadonlySet<number>;
  cursor: number | null;
  focused: boolean;
  /** Increases when labels of a block are loaded. */
  learned: number;
  rowName: (row: string) => string;
}

const MARGIN = 0.3;

/** A picture over the seats: moved with them while the fan drags, redrawn when the marks change or at rest. */
export class Overlay {
  #view: View | null = null;
  #drawn = "";
  readonly #port: Viewport;
  readonly #picture: Picture;

  constructor(canvas: HTMLCanvasElement, port: Viewport) {
    this.#picture = new Picture(canvas);
    this.#port = port;
  }

  step(scene: Scene, marks: Marks, colours: Palette, resting: boolean): void {
    const { x, y, scale, width, height } = this.#port;
    const marked = `${[...marks.chosen].join()} ${marks.cursor} ${marks.focused} ${marks.learned} ${colours.accent} ${colours.surface}`;
    const view = this.#view;
    const moved = view === null || view.x !== x || view.y !== y || view.scale !== scale;
    if (marked !== this.#drawn || (resting && moved)) {
      this.#draw(scene, marks, colours);
      this.#drawn = marked;
    }
    if (!this.#view) return;
    const zoom = scale / this.#view.scale;
    const [left, top] = this.#port.pixels(
      this.#view.x - (width * (0.5 + MARGIN)) / this.#view.scale,
      this.#view.y - (height * (0.5 + MARGIN)) / this.#view.scale,
    );
    this.#picture.place(zoom, left, top);
  }

  #draw(scene: Scene, marks: Marks, colours: Palette): void {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const { width, height } = this.#port;
    this.#picture.size(Math.round(width * (1 + 2 * MARGIN) * ratio), Math.round(height * (1 + 2 * MARGIN) * ratio));
    this.#view = this.#port.view;
    const { pen } = this.#picture;
    pen.setTransform(ratio, 0, 0, ratio, width * MARGIN * ratio, height * MARGIN * ratio);
    pen.clearRect(-width, -height, 3 * width, 3 * height);
    rowNames(pen, scene, this.#port, colours, marks.rowName);
    for (const place of marks.chosen) {
      const at = scene.at(place);
      if (at) tick(pen, this.#port, at, colours);
    }
    const at = marks.cursor === null ? null : scene.at(marks.cursor);
    if (at) ring(pen, this.#port, at, colours, marks.focused);
    this.#picture.show(ratio);
  }
}

function tick(pen: Pen, port: Viewport, [x, y, pitch]: readonly number[], colours: Palette): void {
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

function ring(pen: Pen, port: Viewport, [x, y, pitch]: readonly number[], colours: Palette, focused: boolean): void {
  const [px, py] = port.pixels(x!, y!);
  const radius = Math.max(6, pitch! * port.scale * 0.56);
  pen.beginPath();
  pen.arc(px, py, radius + 2, 0, 2 * Math.PI);
  pen.lineWidth = focused ? 4 : 2.5;
  pen.strokeStyle = focused ? colours.focus : colours.ink;
  pen.stroke();
}
