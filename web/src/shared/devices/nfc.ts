/** A phone's or tablet's own reader: Web NFC, which Chrome on Android has. It reads the address that a card shows. */

interface Reading extends Event {
  message: { records: { recordType: string; data?: DataView }[] };
}
interface Reader extends EventTarget {
  scan: (options: { signal: AbortSignal }) => Promise<void>;
}
const Ndef = (): (new () => Reader) | undefined => (globalThis as { NDEFReader?: new () => Reader }).NDEFReader;

export const hasNfc = (): boolean => Ndef() !== undefined;

/** Tell the address of each card until `signal` ends it, null of what shows none. Asks for leave, so call it from a touch; rejects without it. */
export async function readCards(signal: AbortSignal, onAddress: (address: string | null) => void): Promise<void> {
  const reader = new (Ndef()!)();
  reader.addEventListener("readingerror", () => onAddress(null));
  reader.addEventListener("reading", (event) => {
    const { data } = (event as Reading).message.records.find(({ recordType }) => recordType === "url") ?? {};
    onAddress(data ? new TextDecoder().decode(data) : null);
  });
  await reader.scan({ signal });
}
