/** A hand scanner that types: keys in quick succession, ended by Enter. A person types slower. */

const BETWEEN_MS = 60;
const LEAST = 12;

/** Listen for codes; returns the way to stop. What it types into a field is a code all the same, and leaves the field. */
export function listen(onCode: (text: string) => void, target: EventTarget = document): () => void {
  let typed = "";
  let last = 0;

  function heard(event: Event): void {
    const { key, timeStamp, ctrlKey, altKey, metaKey, isComposing } = event as KeyboardEvent;
    if (ctrlKey || altKey || metaKey || isComposing) return;
    if (timeStamp - last > BETWEEN_MS) typed = "";
    last = timeStamp;
    if (key === "Enter") {
      const code = typed;
      typed = "";
      if (code.length < LEAST) return;
      event.preventDefault();
      event.stopPropagation();
      const field = fieldOf(event.target);
      if (field) {
        field.value = field.value.replace(code, "");
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      onCode(code);
    } else if (key.length === 1) {
      typed += key;
      // A space or a letter in the middle of a code must not press the button that has the focus.
      if (typed.length > 1 && !fieldOf(event.target)) event.preventDefault();
    }
  }

  target.addEventListener("keydown", heard, { capture: true });
  return () => target.removeEventListener("keydown", heard, { capture: true });
}

function fieldOf(target: EventTarget | null): HTMLInputElement | null {
  return typeof HTMLInputElement !== "undefined" && target instanceof HTMLInputElement ? target : null;
}
