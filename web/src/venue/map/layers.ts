/**
 * Two canvases that take turns: the shown one is only moved (a CSS transform, no painting) while the fan drags or zooms;
 * the hidden one is painted in slices and then takes its place.
 */
import { covered, paint, type Frame, type Model } from "./painter";
import type { View, Viewport } from "./viewport";

const BUDGET_MS = 4;
/** A canvas records what is drawn and works it off at the end of the frame: the clock alone does not see that. */
const SLICES_A_FRAME = 3;
const MARGIN = 0.3;
const PIXELS_MAX = 6_000_000;

interface Layer {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  frame: Frame | null;
}

export class Layers {
  #front: Layer;
  #back: Layer;
  #job: Generator<void> | null = null;
  #stale = true;
  readonly #port: Viewport;
  model: Model;

  constructor(canvases: readonly [HTMLCanvasElement, HTMLCanvasElement], port: Viewport, model: Model) {
    [this.#front, this.#back] = canvases.map((canvas) => ({
      canvas,
      context: canvas.getContext("2d")!,
      frame: null,
    })) as unknown as [Layer, Layer];
    this.#port = port;
    this.model = model;
  }

  /** Something in the model changed: what is shown must be painted anew. */
  touch(): void {
    this.#stale = true;
  }

  /** One animation frame. `resting` tells that no finger or wheel is moving. Returns whether there is more to do. */
  step(resting: boolean): boolean {
    if (this.#job && this.#run(this.#job)) this.#swap();
    else if (!this.#job && this.#wanted(resting)) this.#begin();
    this.#place(this.#front);
    return this.#job !== null || this.#stale || this.#wanted(true);
  }

  #wanted(resting: boolean): boolean {
    const frame = this.#front.frame;
    if (!frame || this.#stale) return true;
    const { view, scale } = { view: frame.view, scale: this.#port.scale / frame.view.scale };
    const own = covered(frame);
    const [left, top] = this.#port.metres(0, 0);
    const [right, bottom] = this.#port.metres(this.#port.width, this.#port.height);
    const outside = left < own.left || top < own.top || right > own.right || bottom > own.bottom;
    if (outside || scale > 1.7 || scale < 0.6) return true;
    return resting && (scale !== 1 || Math.hypot(view.x - this.#port.x, view.y - this.#port.y) * this.#port.scale > 40);
  }

  #begin(): void {
    const { width, height } = this.#port;
    const full = { width: width * (1 + 2 * MARGIN), height: height * (1 + 2 * MARGIN) };
    const room = Math.sqrt(PIXELS_MAX / (full.width * full.height));
    const ratio = Math.min(devicePixelRatio || 1, 2.5, room);
    const frame: Frame = {
      view: this.#port.view,
      width: Math.round(full.width * ratio),
      height: Math.round(full.height * ratio),
      ratio,
    };
    const { canvas } = this.#back;
    if (canvas.width !== frame.width || canvas.height !== frame.height) {
      canvas.width = frame.width;
      canvas.height = frame.height;
      canvas.style.width = `${frame.width / ratio}px`;
      canvas.style.height = `${frame.height / ratio}px`;
    }
    this.#back.frame = frame;
    this.#stale = false;
    this.#job = paint(this.#back.context, frame, this.model);
  }

  #run(job: Generator<void>): boolean {
    const end = performance.now() + BUDGET_MS;
    for (let slice = 0; slice < SLICES_A_FRAME && performance.now() < end; slice += 1) if (job.next().done) return true;
    return false;
  }

  #swap(): void {
    this.#job = null;
    [this.#front, this.#back] = [this.#back, this.#front];
    this.#place(this.#front);
    // A canvas without a box is painted, but not handed to the compositor at each slice.
    this.#front.canvas.style.display = "block";
    this.#back.canvas.style.display = "none";
  }

  /** Lays the painted picture under the present view. */
  #place({ canvas, frame }: Layer): void {
    if (!frame) return;
    const scale = this.#port.scale / frame.view.scale;
    const [x, y] = this.#corner(frame.view, frame);
    canvas.style.transform = `matrix(${scale},0,0,${scale},${x},${y})`;
  }

  #corner(view: View, frame: Frame): [number, number] {
    return this.#port.pixels(view.x - frame.width / frame.ratio / view.scale / 2, view.y - frame.height / frame.ratio / view.scale / 2);
  }
}
