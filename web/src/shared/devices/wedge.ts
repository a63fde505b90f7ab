/** Keyboard-wedge scanner: keys in quick succession, ended by Enter. A pasted code counts as well. */

/** Longest pause within a code: a busy device delays keys. */
const PAUSE_MAX_MS = 300;
/** A person who types has longer pauses. A text with the prefix of an entry code is a code at any speed. */
const SCANNER_PAUSE_MS = 60;
const CODE_PREFIX = "V1:";
const LENGTH_MIN = 12;
/** Address on a card or phone; no field of a device expects one. */
const ADDRESS = /^https?:\/\/\S+$/;

/** Listen for codes; return a function that stops it. A code typed into a field is removed from the field. */
export function listen(onCode: (text: string) => void, target: EventTarget = document): () => void {
  let typed = "";
  let last = 0;
  let isQuick = true;

  function onKey(event: Event): void {
    const { key, timeStamp, ctrlKey, altKey, metaKey, isComposing } = event as KeyboardEvent;
    if (ctrlKey || altKey || metaKey || isComposing) return;
    if (timeStamp - last > PAUSE_MAX_MS) [typed, isQuick] = ["", true];
    else if (typed && timeStamp - last > SCANNER_PAUSE_MS) isQuick = false;
    last = timeStamp;
    if (key === "Enter") {
      const [code, byPerson] = [typed, !isQuick && !typed.startsWith(CODE_PREFIX) && isField(event.target)];
      [typed, isQuick] = ["", true];
      if (code.length < LENGTH_MIN || byPerson) return;
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
      // A key within a code must not press the focused button.
      if (typed.length > 1 && !fieldOf(event.target)) event.preventDefault();
    }
  }

  function onPaste(event: Event): void {
    const text = (event as ClipboardEvent).clipboardData?.getData("text/plain").replace(/[\r\n]+$/, "") ?? "";
    if (text.length < LENGTH_MIN || /[\r\n]/.test(text)) return;
    if (isField(event.target) && !ADDRESS.test(text)) return;
    event.preventDefault();
    event.stopPropagation();
    onCode(text);
  }

  target.addEventListener("keydown", onKey, { capture: true });
  target.addEventListener("paste", onPaste, { capture: true });
  return () => {
    target.removeEventListener("keydown", onKey, { capture: true });
    target.removeEventListener("paste", onPaste, { capture: true });
  };
}

function isField(target: EventTarget | null): boolean {
  return typeof Element !== "undefined" && target instanceof Element && target.matches("input, textarea");
}

function fieldOf(target: EventTarget | null): HTMLInputElement | null {
  return typeof HTMLInputElement !== "undefined" && target instanceof HTMLInputElement ? target : null;
}
