/** Built-in card reader: Web NFC of Chrome on Android. It reads the address of a card. */

interface Reading extends Event {
  message: { records: { recordType: string; data?: DataView }[] };
}
interface Reader extends EventTarget {
  scan: (options: { signal: AbortSignal }) => Promise<void>;
}
const Ndef = (): (new () => Reader) | undefined => (globalThis as { NDEFReader?: new () => Reader }).NDEFReader;

export const hasNfc = (): boolean => Ndef() !== undefined;

/** Report the address of each card until `signal` aborts; null for a card without one. Asks for permission: call from a user gesture. */
export async function readCards(signal: AbortSignal, onAddress: (address: string | null) => void): Promise<void> {
  const reader = new (Ndef()!)();
  reader.addEventListener("readingerror", () => onAddress(null));
  reader.addEventListener("reading", (event) => {
    const { data } = (event as Reading).message.records.find(({ recordType }) => recordType === "url") ?? {};
    onAddress(data ? new TextDecoder().decode(data) : null);
  });
  await reader.scan({ signal });
}
