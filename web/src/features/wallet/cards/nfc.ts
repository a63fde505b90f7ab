/** Read the fan's card by NFC. */
import { readCards } from "../../../shared/devices/nfc";
import { messageOfAddress, type Message } from "./tap";

export type Trouble = "not_allowed" | "off" | "not_ours";

/** The first card held to the phone; null once `signal` aborts. */
export function readCard(signal: AbortSignal, onTrouble: (trouble: Trouble) => void): Promise<Message | null> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(null));
    const shown = (address: string | null): void => {
      const found = address === null ? null : messageOfAddress(address);
      if (found) resolve(found);
      else onTrouble("not_ours");
    };
    readCards(signal, shown).catch((error: unknown) => {
      if (signal.aborted) return;
      onTrouble(error instanceof DOMException && error.name === "NotAllowedError" ? "not_allowed" : "off");
      resolve(null);
    });
  });
}
