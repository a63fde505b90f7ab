/**
 * A hand scanner that types: keys in quick succession, ended by Enter. A busy device may let some of them wait. Or a
 * person who pastes what somebody else has read.
 */

/** The longest pause within a code. */
const BETWEEN_MS = 300;
/** A person who types into a field has pauses above this one; a text that begins as a code of ours does is a code. */
const QUICK_MS = 60;
const OURS = "V1:";
const LEAST = 12;
/** What a card or a phone shows; no field of a device is for an address. */
const ADDRESS = /^https?:\/\/\S+$/;

/** Listen for codes; returns the way to stop. What it types into a field is a code all the same, and leaves the field. */
export function listen(onCode: (text: string) => void, target: EventTarget = document): () => void {
  let typed = "";
  let last = 0;
  let isQuick = true;

  function heard(event: Event): void {
    const { key, timeStamp, ctrlKey, altKey, metaKey, isComposing } = event as KeyboardEvent;
    if (ctrlKey || altKey || metaKey || isComposing) return;
    if (timeStamp - last > BETWEEN_MS) [typed, isQuick] = ["", true];
    else if (typed && timeStamp - last > QUICK_MS) isQuick = false;
    last = timeStamp;
    if (key === "Enter") {
      const [code, byPerson] = [typed, !isQuick && !typed.startsWith(OURS) && isWrittenInto(event.target)];
      [typed, isQuick] = ["", true];
      if (code.length < LEAST || byPerson) return;
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
