/** Who hears what a reader, the phone's own reader or a camera brings: the screen that opened last. */
import { listen } from "../../devices/wedge";

type Hear = (text: string) => void;
const ears: Hear[] = [];

export const heard = (text: string): void => ears.at(-1)?.(text);

/** Hear until stopped; returns the way to stop. */
export function hear(ear: Hear): () => void {
  ears.push(ear);
  return () => void ears.splice(ears.indexOf(ear), 1);
}

/** A reader that types. */
export const listenToKeys = (): (() => void) => listen(heard);
