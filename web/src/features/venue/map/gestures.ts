/** Gestures on the map: drag with one pointer, pinch with two, tap. */
import type { Viewport } from "./viewport";

const SLOP = 7;

export interface Hands {
  moved: () => void;
  rested: () => void;
  tap: (px: number, py: number) => void;
  hover: (px: number, py: number, inside: boolean) => void;
}

interface Point {
  x: number;
  y: number;
}

/** Middle and distance of two fingers. */
function spread(fingers: Map<number, Point>): Point & { size: number } {
  const [first, second] = [...fingers.values()] as [Point, Point];
  return { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2, size: Math.hypot(first.x - second.x, first.y - second.y) };
}

export function gestures(element: HTMLElement, port: Viewport, hands: Hands): () => void {
  const pointers = new Map<number, Point>();
  let dragging = false;
  let start = { x: 0, y: 0 };
  let wheelRest: ReturnType<typeof setTimeout> | undefined;
  let box = element.getBoundingClientRect();
  const place = (event: MouseEvent): Point => ({ x: event.clientX - box.left, y: event.clientY - box.top });
  // Measured before fingers move: reading it during a gesture forces a layout.
  const measure = (): void => void (box = element.getBoundingClientRect());

  function down(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (pointers.size === 0) measure();
    pointers.set(event.pointerId, place(event));
    start = place(event);
    if (pointers.size > 1) dragging = true;
  }

  function move(event: PointerEvent): void {
    const previous = pointers.get(event.pointerId);
    if (!previous) {
      measure();
      return hands.hover(place(event).x, place(event).y, true);
    }
    const now = place(event);
    if (pointers.size === 2) {
      const from = spread(pointers);
      pointers.set(event.pointerId, now);
      const to = spread(pointers);
      port.pan(to.x - from.x, to.y - from.y);
      if (from.size > 0) port.zoom(to.size / from.size, to.x, to.y);
      return hands.moved();
    }
    if (!dragging && Math.hypot(now.x - start.x, now.y - start.y) < SLOP) return;
    if (!dragging) element.setPointerCapture(event.pointerId);
    dragging = true;
    pointers.set(event.pointerId, now);
    port.pan(now.x - previous.x, now.y - previous.y);
    hands.moved();
  }

  function up(event: PointerEvent): void {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size > 0) return;
    if (!dragging && event.type === "pointerup") hands.tap(place(event).x, place(event).y);
    dragging = false;
    hands.rested();
  }

  function wheel(event: WheelEvent): void {
    event.preventDefault();
    measure();
    const { x, y } = place(event);
    port.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016) * (event.deltaMode === 1 ? 16 : 1)), x, y);
    hands.moved();
    clearTimeout(wheelRest);
    wheelRest = setTimeout(hands.rested, 140);
  }

  const leave = (): void => hands.hover(0, 0, false);
  const ending = new AbortController();
  const { signal } = ending;
  const hears = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: leave };
  for (const [kind, hear] of Object.entries(hears)) element.addEventListener(kind, hear as EventListener, { signal });
  element.addEventListener("wheel", wheel, { passive: false, signal });
  return () => {
    clearTimeout(wheelRest);
    ending.abort();
  };
}
