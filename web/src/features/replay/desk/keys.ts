/** Keyboard shortcuts of the media desk. */
import type { Monitors } from "./monitors.svelte";
import type { DeskState } from "./deskState.svelte";

/** Actions by key; the buttons show the same letters. */
export function keys(monitors: Monitors, desk: DeskState, mark: boolean): Record<string, () => void> {
  const marks: Record<string, () => void> = {
    i: () => (desk.from = monitors.at),
    o: () => (desk.to = monitors.at),
    m: () => desk.markAround(monitors.at),
    Enter: () => void desk.publish(),
    u: () => void desk.undo(),
    Escape: () => desk.clear(),
  };
  return {
    " ": () => monitors.toggle(),
    k: () => monitors.toggle(),
    j: () => monitors.jump(-5),
    l: () => monitors.jump(5),
    s: () => monitors.toggleSlow(),
    z: () => monitors.zoom(),
    ",": () => monitors.step(-1),
    ".": () => monitors.step(1),
    ArrowLeft: () => monitors.step(-1),
    ArrowRight: () => monitors.step(1),
    0: () => monitors.goLive(),
    ...Object.fromEntries(desk.cameras.slice(0, 9).map(({ name }, place) => [String(place + 1), () => (desk.front = name)])),
    ...(mark ? marks : {}),
  };
}

/** Whether a key belongs to the focused element: an input, a button that it presses, or a dialog. */
export function meantForOther(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const on = event.target as HTMLElement;
  if (on.closest("input, textarea, select, dialog, [contenteditable]") || document.querySelector("dialog[open]")) return true;
  return (event.key === " " || event.key === "Enter") && on.closest("button, a, summary") !== null;
}
