/** A phone that reads a card by itself: Web NFC, which Chrome on Android has. */
import { messageOfAddress, type Message } from "./tap";

interface Reading extends Event {
  message: { records: { recordType: string; data?: DataView }[] };
}
interface Reader extends EventTarget {
  scan: (options: { signal: AbortSignal }) => Promise<void>;
}
declare global {
  interface Window {
    NDEFReader?: new () => Reader;
  }
}

export type Trouble = "not_allowed" | "off" | "not_ours";

export const canRead = (): boolean => "NDEFReader" in window;

/** The first card of a ground that is held to the phone, until `signal` ends the wait: then null. */
export async function readCard(signal: AbortSignal, onTrouble: (trouble: Trouble) => void): Promise<Message | null> {
  const reader = new window.NDEFReader!();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(null));
    reader.addEventListener("readingerror", () => onTrouble("not_ours"));
    reader.addEventListener("reading", (event) => {
      const found = messageIn(event as Reading);
      if (found) resolve(found);
      else onTrouble("not_ours");
    });
    reader.scan({ signal }).catch((error: unknown) => {
      if (signal.aborted) return;
      onTrouble(error instanceof DOMException && error.name === "NotAllowedError" ? "not_allowed" : "off");
      resolve(null);
    });
  });
}

function messageIn({ message }: Reading): Message | null {
  for (const { recordType, data } of message.records) {
    const found = recordType === "url" && data ? messageOfAddress(new TextDecoder().decode(data)) : null;
    if (found) return found;
  }
  return null;
}
