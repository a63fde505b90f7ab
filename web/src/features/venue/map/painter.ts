/** Paints seats into a canvas in slices of a few milliseconds, so that frames are on time with any number of seats. */
import { roundRect } from "../../../shared/runtime/floor";
import type { Availability } from "../availability";
import { WHEELCHAIR, type Box, type Shape } from "../../../shared/geometry";
import { levelOf, type Palette } from "./palette";
import { sheet, type Pen } from "./picture";
import type { Scene } from "./scene";
import type { View } from "./viewport";

/** With fewer pixels between two seats, a block is one shape. */
export const SEATS_FROM = 2.6;
const NUMBERS_FROM = 22;
const CHUNK = 240;
export const PITCH = 0.5;

export interface Frame {
  view: View;
  /** Canvas size in device pixels, and device pixels per CSS pixel. */
  width: number;
  height: number;
  ratio: number;
  /** Share of the window that the picture reaches beyond each of its sides. */
  margin: number;
}

export interface Model {
  scene: Scene;
  places: Availability;
  palette: Palette;
  /** Only this category is offered; others are shown faintly. */
  only: string | null;
}

/** Bounds of a frame in metres. */
export function covered(frame: Frame): Box {
  const across = frame.width / frame.ratio / frame.view.scale / 2;
  const down = frame.height / frame.ratio / frame.view.scale / 2;
  const { x, y } = frame.view;
  return { left: x - across, right: x + across, top: y - down, bottom: y + down };
}

interface Brush {
  context: Pen;
  model: Model;
  scale: number;
  dx: number;
  dy: number;
  box: Box;
  sprites: Map<string, ImageBitmap | HTMLCanvasElement>;
}

/** Paint the frame; yields after every few hundred seats. */
export function* paint(context: Pen, frame: Frame, model: Model): Generator<void> {
  const scale = frame.view.scale * frame.ratio;
  const brush: Brush = {
    context,
    model,
    scale,
    dx: frame.width / 2 - frame.view.x * scale,
    dy: frame.height / 2 - frame.view.y * scale,
    box: covered(frame),
    sprites: new Map(),
  };
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, frame.width, frame.height);
  context.textAlign = "center";
  context.textBaseline = "middle";
  ground(brush);
  const shapes = model.scene.within(brush.box);
  for (const shape of shapes) outline(brush, shape, frame.view.scale);
  yield;
  if (frame.view.scale * PITCH < SEATS_FROM) return;
  for (const shape of shapes) yield* seats(brush, shape, frame.view.scale);
}

function trace({ context, scale, dx, dy }: Brush, shape: Shape): void {
  context.beginPath();
  for (const [x, y] of shape.points) context.lineTo(x * scale + dx, y * scale + dy);
  context.closePath();
}

function ground(brush: Brush): void {
  const { context, model, scale, dx, dy } = brush;
  const [long, wide] = model.scene.geometry.pitch as [number, number];
  const [across, down] = model.scene.portrait ? [wide / 200, long / 200] : [long / 200, wide / 200];
  context.fillStyle = model.palette.pitch;
  context.fillRect(-across * scale + dx, -down * scale + dy, 2 * across * scale, 2 * down * scale);
}

function outline(brush: Brush, shape: Shape, cssScale: number): void {
  const { context, model, scale, dx, dy } = brush;
  const { scene, palette, places } = model;
  const category = scene.category(shape.code);
  const block = scene.block(shape.code);
  const small = cssScale * PITCH < SEATS_FROM;
  trace(brush, shape);
  const level = levelOf(places.free.get(shape.code) ?? 0, block.seat_count);
  const fill = small && category && level ? palette.fill(category.colour, level) : palette.surface;
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = palette.line;
  context.lineWidth = Math.max(1, scale * 0.06);
  context.stroke();
  if (!small || block.kind === "box") return;
  context.fillStyle = category && level ? palette.textOn(fill) : palette.soft;
  context.font = `700 ${Math.min(scale * 4.4, 26)}px Archivo, system-ui, sans-serif`;
  context.fillText(shape.code, shape.centre[0] * scale + dx, shape.centre[1] * scale + dy);
}

function* seats(brush: Brush, shape: Shape, cssScale: number): Generator<void> {
  const { model, box } = brush;
  const { scene, places, palette } = model;
  const { at, block, pitch } = scene.points(shape.code);
  const category = scene.category(shape.code);
  const faint = model.only !== null && category?.id !== model.only;
  const colour = category && !faint ? palette.seat(category.colour) : palette.gone;
  const features = scene.named(shape.code)?.features;
  const names = cssScale * PITCH >= NUMBERS_FROM ? scene.named(shape.code)?.seats : undefined;
  let done = 0;
  for (let index = 0; index < block.seat_count; index += 1) {
    const x = at[2 * index]!;
    const y = at[2 * index + 1]!;
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
    const free = category !== undefined && places.isFree(block.first_seat + index);
    const square = features !== undefined && (features[index]! & WHEELCHAIR) !== 0;
    seat(brush, x, y, pitch[index]!, free ? colour : palette.gone, free && !faint, square);
    if (names && free && !faint && !square) seatName(brush, x, y, names[index]!, colour);
    if ((done += 1) % CHUNK === 0) yield;
  }
}

function seat(brush: Brush, x: number, y: number, pitch: number, colour: string, free: boolean, square: boolean): void {
  const { context, scale, dx, dy } = brush;
  const radius = scale * pitch * (free ? 0.43 : 0.2);
  const px = x * scale + dx;
  const py = y * scale + dy;
  if (radius < 2.2) {
    context.fillStyle = colour;
    context.fillRect(px - radius, py - radius, 2 * radius, 2 * radius);
    return;
  }
  const key = `${colour}${radius.toFixed(1)}${square && free ? "w" : ""}`;
  let sprite = brush.sprites.get(key);
  if (!sprite) {
    sprite = drawn(colour, radius, square && free ? brush.model.palette.textOn(colour) : null);
    brush.sprites.set(key, sprite);
  }
  context.drawImage(sprite, Math.round(px - sprite.width / 2), Math.round(py - sprite.height / 2));
}

/** Image of a seat: a disc, or a square with a symbol for a wheelchair space. */
function drawn(colour: string, radius: number, sign: string | null): ImageBitmap | HTMLCanvasElement {
  const size = 2 * Math.ceil(radius) + 2;
  const { pen, finish } = sheet(size, size);
  pen.fillStyle = colour;
  pen.beginPath();
  if (sign) roundRect(pen, size / 2 - radius, size / 2 - radius, 2 * radius, 2 * radius, radius * 0.35);
  else pen.arc(size / 2, size / 2, radius, 0, 2 * Math.PI);
  pen.fill();
  if (sign && radius >= 4) {
    pen.strokeStyle = sign;
    pen.lineWidth = Math.max(1, radius * 0.18);
    pen.lineCap = "round";
    pen.beginPath();
    pen.arc(size / 2 - radius * 0.1, size / 2 + radius * 0.2, radius * 0.42, -2.2, 2.4);
    pen.moveTo(size / 2 - radius * 0.1, size / 2 - radius * 0.62);
    pen.lineTo(size / 2 - radius * 0.1, size / 2 + radius * 0.05);
    pen.lineTo(size / 2 + radius * 0.38, size / 2 + radius * 0.05);
    pen.lineTo(size / 2 + radius * 0.58, size / 2 + radius * 0.6);
    pen.stroke();
  }
  return finish();
}

function seatName({ context, scale, dx, dy, model }: Brush, x: number, y: number, name: string, colour: string): void {
  context.fillStyle = model.palette.textOn(colour);
  context.font = `650 ${scale * 0.2}px Archivo, system-ui, sans-serif`;
  context.fillText(name, x * scale + dx, y * scale + dy + scale * 0.01, scale * 0.4);
}
