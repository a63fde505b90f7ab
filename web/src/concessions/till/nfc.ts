/** The phone's or tablet's own reader (Web NFC), where the browser has one: it reads the address that a card shows. */

interface Reading extends Event {
  message: { records: { recordType: string; data?: DataView }[] };
}
interface Reader extends EventTarget {
  scan: (options: { signal: AbortSignal }) => Promise<void>;
}
const Ndef = (): (new () => Reader) | undefined => (globalThis as { NDEFReader?: new () => Reader }).NDEFReader;

export const hasNfc = (): boolean => Ndef() !== undefined;

let reading: AbortController | null = null;

/** Read cards until `stop`; asks for leave, so call it from a touch. False where it is not given. */
export async function read(onText: (text: string) => void): Promise<boolean> {
  const Known = Ndef();
  if (!Known) return false;
  if (reading) return true;
  const controller = new AbortController();
  try {
    const reader = new Known();
    reader.addEventListener("reading", (event) => {
      const url = (event as Reading).message.records.find(({ recordType }) => recordType === "url");
      if (url?.data) onText(new TextDecoder().decode(url.data));
    });
    await reader.scan({ signal: controller.signal });
    reading = controller;
    return true;
  } catch {
    return false;
  }
}

export function stop(): void {
  reading?.abort();
  reading = null;
}
