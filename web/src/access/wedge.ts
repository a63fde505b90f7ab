/** A hand scanner that types: keys in quick succession, ended by Enter. A person types slower, or into a field. */

const BETWEEN_MS = 60;
const LEAST = 12;

/** Listen for codes; returns the way to stop. Keys that go into a field of the page are left alone. */
export function listen(onCode: (text: string) => void, target: EventTarget = document): () => void {
  let typed = "";
  let last = 0;

  function heard(event: Event): void {
    const { key, timeStamp, ctrlKey, altKey, metaKey, isComposing } = event as KeyboardEvent;
    if (ctrlKey || altKey || metaKey || isComposing || inField(event.target)) return;
    if (timeStamp - last > BETWEEN_MS) typed = "";
    last = timeStamp;
    if (key === "Enter") {
      const code = typed;
      typed = "";
      if (code.length < LEAST) return;
      event.preventDefault();
      event.stopPropagation();
      onCode(code);
    } else if (key.length === 1) {
      typed += key;
      // A space or a letter in the middle of a code must not press the button that has the focus.
      if (typed.length > 1) event.preventDefault();
    }
  }

  target.addEventListener("keydown", heard, { capture: true });
  return () => target.removeEventListener("keydown", heard, { capture: true });
}

function inField(target: EventTarget | null): boolean {
  return typeof Element !== "undefined" && target instanceof Element && target.closest("input, textarea, select") !== null;
}
