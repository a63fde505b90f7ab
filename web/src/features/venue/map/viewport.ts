/** The visible part of the map: `scale` pixels per metre; `x`, `y` is the centre in metres. */
import type { Box } from "../../../shared/geometry";

export interface View {
  x: number;
  y: number;
  scale: number;
}

export class Viewport {
  x = 0;
  y = 0;
  scale = 4;
  width = 1;
  height = 1;
  readonly #bounds: Box;
  static readonly closest = 64;

  constructor(bounds: Box) {
    this.#bounds = bounds;
  }

  get view(): View {
    return { x: this.x, y: this.y, scale: this.scale };
  }

  get least(): number {
    const { left, right, top, bottom } = this.#bounds;
    return Math.min(this.width / (right - left), this.height / (bottom - top));
  }

  resize(width: number, height: number): void {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    this.#hold();
  }

  /** Show the whole box, at most `closest` pixels per metre. */
  fit(box: Box, margin = 1.14, closest = 26): void {
    const across = Math.min(this.width / ((box.right - box.left) * margin), this.height / ((box.bottom - box.top) * margin));
    this.scale = Math.min(across, closest);
    this.x = (box.left + box.right) / 2;
    this.y = (box.top + box.bottom) / 2;
    this.#hold();
  }

  pan(dx: number, dy: number): void {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.#hold();
  }

  /** Zoom around a pixel. */
  zoom(factor: number, px: number, py: number): void {
    const [mx, my] = this.metres(px, py);
    this.scale *= factor;
    this.#hold();
    const [nx, ny] = this.metres(px, py);
    this.x += mx - nx;
    this.y += my - ny;
    this.#hold();
  }

  metres(px: number, py: number): [number, number] {
    return [this.x + (px - this.width / 2) / this.scale, this.y + (py - this.height / 2) / this.scale];
  }

  pixels(x: number, y: number): [number, number] {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  /** Move as little as needed to have a point at least `margin` pixels inside. Return whether it moved. */
  reveal(x: number, y: number, margin = 60): boolean {
    const [px, py] = this.pixels(x, y);
    const room = (size: number): number => Math.min(margin, size / 2 - 1);
    const dx = Math.max(0, room(this.width) - px) - Math.max(0, px - (this.width - room(this.width)));
    const dy = Math.max(0, room(this.height) - py) - Math.max(0, py - (this.height - room(this.height)));
    if (dx || dy) this.pan(dx, dy);
    return dx !== 0 || dy !== 0;
  }

  #hold(): void {
    const { left, right, top, bottom } = this.#bounds;
    this.scale = Math.min(Viewport.closest, Math.max(this.least, this.scale));
    this.x = Math.min(right, Math.max(left, this.x));
    this.y = Math.min(bottom, Math.max(top, this.y));
  }
}
