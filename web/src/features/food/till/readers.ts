/** Input from card readers, NFC and camera; it goes to the screen that was opened last. */
import { readCards } from "../../../shared/devices/nfc";
import { listen } from "../../../shared/devices/wedge";

type Listener = (text: string) => void;
const listeners: Listener[] = [];

export const scanned = (text: string): void => listeners.at(-1)?.(text);

/** Listen; returns a function that stops. */
export function onScan(listener: Listener): () => void {
  listeners.push(listener);
  return () => void listeners.splice(listeners.indexOf(listener), 1);
}

/** Keyboard-wedge scanner. */
export const listenToWedge = (): (() => void) => listen(scanned);

let reads = false;
/** Start NFC until the page closes; false without permission. */
export async function useNfc(): Promise<boolean> {
  reads ||= await readCards(new AbortController().signal, (address) => address !== null && scanned(address)).then(
    () => true,
    () => false,
  );
  return reads;
}
