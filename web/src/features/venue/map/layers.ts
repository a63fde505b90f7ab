/**
 * The seats as one picture larger than the window. While the fan drags or zooms it is only transformed; the next picture
 * is painted in slices in the background and then replaces it.
 */
import { covered, paint, type Frame, type Model } from "./painter";
import { Picture } from "./picture";
import type { Viewport } from "./viewport";

const BUDGET_MS = 4;
/** A canvas records drawing calls and executes them at the end of the task, which the clock does not measure. */
const SLICES_A_FRAME = 3;
/** Before the first picture, no frame can be late. */
const FIRST_BUDGET_MS = 12;
const FIRST_SLICES = 16;
const MARGIN = 0.3;
const PIXELS_MAX = 6_000_000;

export class Layers {
  #shown: Frame | null = null;
  #coming: Frame | null = null;
  #job: Generator<void> | null = null;
  #stale = true;
  readonly #port: Viewport;
  readonly #picture: Picture;
  model: Model;

  constructor(canvas: HTMLCanvasElement, port: Viewport, model: Model) {
    this.#picture = new Picture(canvas);
    this.#port = port;
    this.model = model;
  }

  /** The model changed: repaint. */
  touch(): void {
    this.#stale = true;
  }

  /** One animation frame; `resting`: no finger or wheel is moving. Return whether more frames are needed. */
  step(resting: boolean): boolean {
    if (!this.#job && this.#needsPicture(resting)) this.#begin();
    if (this.#job && this.#run(this.#job)) this.#show();
    this.#place();
    return this.#job !== null || this.#stale || this.#needsPicture(true);
  }

  #needsPicture(resting: boolean): boolean {
    const frame = this.#shown;
    if (!frame || this.#stale) return true;
    const { view, scale } = { view: frame.view, scale: this.#port.scale / frame.view.scale };
    const own = covered(frame);
    const [left, top] = this.#port.metres(0, 0);
    const [right, bottom] = this.#port.metres(this.#port.width, this.#port.height);
    const outside = left < own.left || top < own.top || right > own.right || bottom > own.bottom;
    if (outside || scale > 1.7 || scale < 0.6) return true;
    const away = Math.hypot(view.x - this.#port.x, view.y - this.#port.y) * this.#port.scale;
    return resting && (!frame.margin || scale !== 1 || away > 40);
  }

  /** The first picture covers only the window, to appear sooner. */
  #begin(): void {
    const margin = this.#shown ? MARGIN : 0;
    const { width, height } = this.#port;
    const full = { width: width * (1 + 2 * margin), height: height * (1 + 2 * margin) };
    const room = Math.sqrt(PIXELS_MAX / (full.width * full.height));
    const ratio = Math.min(devicePixelRatio || 1, 2.5, room);
    const frame: Frame = {
      view: this.#port.view,
      width: Math.round(full.width * ratio),
      height: Math.round(full.height * ratio),
      ratio,
      margin,
    };
    this.#picture.size(frame.width, frame.height);
    this.#coming = frame;
    this.#stale = false;
    this.#job = paint(this.#picture.pen, frame, this.model);
  }

  #run(job: Generator<void>): boolean {
    const slices = this.#shown ? SLICES_A_FRAME : FIRST_SLICES;
    const end = performance.now() + (this.#shown ? BUDGET_MS : FIRST_BUDGET_MS);
    for (let slice = 0; slice < slices && performance.now() < end; slice += 1) if (job.next().done) return true;
    return false;
  }

  #show(): void {
    this.#job = null;
    this.#shown = this.#coming;
    this.#picture.show(this.#shown!.ratio);
  }

  /** Place the painted picture under the current view. */
  #place(): void {
    const frame = this.#shown;
    if (!frame) return;
    const { view, width, height, ratio } = frame;
    const [x, y] = this.#port.pixels(view.x - width / ratio / view.scale / 2, view.y - height / ratio / view.scale / 2);
    this.#picture.place(this.#port.scale / view.scale, x, y);
  }
}
