/**
 * A hand scanner that types: keys in quick succession, ended by Enter. A person types slower. Or a person who pastes what
 * somebody else has read.
 */

const BETWEEN_MS = 60;
const LEAST = 12;
/** What a card or a phone shows; no field of a device is for an address. */
const ADDRESS = /^https?:\/\/\S+$/;

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

  function pasted(event: Event): void {
    const text = (event as ClipboardEvent).clipboardData?.getData("text/plain").replace(/[\r\n]+$/, "") ?? "";
    if (text.length < LEAST || /[\r\n]/.test(text)) return;
    if (isWrittenInto(event.target) && !ADDRESS.test(text)) return;
    event.preventDefault();
    event.stopPropagation();
    onCode(text);
  }

  target.addEventListener("keydown", heard, { capture: true });
  target.addEventListener("paste", pasted, { capture: true });
  return () => {
    target.removeEventListener("keydown", heard, { capture: true });
    target.removeEventListener("paste", pasted, { capture: true });
  };
}

function isWrittenInto(target: EventTarget | null): boolean {
  return typeof Element !== "undefined" && target instanceof Element && target.matches("input, textarea");
}

function fieldOf(target: EventTarget | null): HTMLInputElement | null {
  return typeof HTMLInputElement !== "undefined" && target instanceof HTMLInputElement ? target : null;
}
