/** Who hears what a reader, the phone's own reader or a camera brings: the screen that opened last. */
import { readCards } from "../../devices/nfc";
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

let reads = false;
/** The device's own reader, from a touch until the page goes; false where nobody gives leave. */
export async function readHere(): Promise<boolean> {
  reads ||= await readCards(new AbortController().signal, (address) => address !== null && heard(address)).then(
    () => true,
    () => false,
  );
  return reads;
}
