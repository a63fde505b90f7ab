/** The keys of the media desk, for one hand while the other holds the mouse. */
import type { Monitors } from "./monitors.svelte";
import type { Pictures } from "./pictures.svelte";

/** What each key does; the buttons show the same letter. */
export function keys(monitors: Monitors, pictures: Pictures, mark: boolean): Record<string, () => void> {
  const marks: Record<string, () => void> = {
    i: () => (pictures.from = monitors.at),
    o: () => (pictures.to = monitors.at),
    m: () => pictures.around(monitors.at),
    Enter: () => void pictures.publish(),
    u: () => void pictures.undo(),
    Escape: () => pictures.clear(),
  };
  return {
    " ": () => monitors.toggle(),
    k: () => monitors.toggle(),
    j: () => monitors.jump(-5),
    l: () => monitors.jump(5),
    s: () => monitors.slower(),
    z: () => monitors.zoom(),
    ",": () => monitors.step(-1),
    ".": () => monitors.step(1),
    ArrowLeft: () => monitors.step(-1),
    ArrowRight: () => monitors.step(1),
    0: () => monitors.goLive(),
    ...Object.fromEntries(pictures.cameras.slice(0, 9).map(({ name }, place) => [String(place + 1), () => (pictures.front = name)])),
    ...(mark ? marks : {}),
  };
}

/** Whether a key is meant for what has the focus: a field that is written in, a button that it presses, a dialog. */
export function meantForOther(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const on = event.target as HTMLElement;
  if (on.closest("input, textarea, select, dialog, [contenteditable]") || document.querySelector("dialog[open]")) return true;
  return (event.key === " " || event.key === "Enter") && on.closest("button, a, summary") !== null;
}
