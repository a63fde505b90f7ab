/**
 * A canvas that shows finished pictures. A canvas that is drawn on directly is copied for the compositor at every frame
 * in which it moves; a transferred picture is only moved.
 */
export type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Offscreen canvas. */
export function sheet(width: number, height: number): { pen: Pen; finish: () => ImageBitmap | HTMLCanvasElement } {
  if (globalThis.OffscreenCanvas) {
    const canvas = new globalThis.OffscreenCanvas(width, height);
    return { pen: canvas.getContext("2d")!, finish: () => canvas.transferToImageBitmap() };
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return { pen: canvas.getContext("2d")!, finish: () => canvas };
}

export class Picture {
  readonly pen: Pen;
  readonly #finish: () => ImageBitmap | HTMLCanvasElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #screen: ImageBitmapRenderingContext;

  constructor(canvas: HTMLCanvasElement) {
    ({ pen: this.pen, finish: this.#finish } = sheet(1, 1));
    this.#canvas = canvas;
    this.#screen = canvas.getContext("bitmaprenderer")!;
  }

  /** Set the size in device pixels for the next drawing. */
  size(width: number, height: number): void {
    const { canvas } = this.pen;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
  }

  /** Show the picture, `ratio` device pixels per CSS pixel. */
  show(ratio: number): void {
    const { width, height } = this.pen.canvas;
    const { style } = this.#canvas;
    style.width = `${width / ratio}px`;
    style.height = `${height / ratio}px`;
    style.display = "block";
    const drawn = this.#finish();
    if (drawn instanceof ImageBitmap) this.#screen.transferFromImageBitmap(drawn);
    else void createImageBitmap(drawn).then((bitmap) => this.#screen.transferFromImageBitmap(bitmap));
  }

  hide(): void {
    this.#canvas.style.display = "none";
  }

  /** Place the picture, painted with its corner at the window's, at a corner of the window with a scale. */
  place(scale: number, x: number, y: number): void {
    this.#canvas.style.transform = `matrix(${scale},0,0,${scale},${x},${y})`;
  }
}
