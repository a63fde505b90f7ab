/** What a card shows when it is read: the address with its SUN message, whose query string proves it. */

const PLAIN = /^uid=([0-9A-F]{14})&ctr=([0-9A-F]{6})&cmac=[0-9A-F]{16}$/;
const SEALED = /^picc_data=[0-9A-F]{32}(&enc=[0-9A-F]+)?&cmac=[0-9A-F]{16}$/;

export interface Tap {
  /** The whole query string: what the record keeps, and the server verifies. */
  proof: string;
  /** The chip's number and its counter, where the card shows them to whoever reads it. */
  uid: string | null;
  counter: number;
}

/** The tap in a text that a reader, a camera or the phone's own chip brought; null where it is none. */
export function tapOf(text: string): Tap | null {
  const query = text.trim().split("/tap?").at(-1)!;
  const plain = PLAIN.exec(query);
  if (plain) return { proof: query, uid: plain[1]!, counter: Number.parseInt(plain[2]!, 16) };
  return SEALED.test(query) ? { proof: query, uid: null, counter: 0 } : null;
}
