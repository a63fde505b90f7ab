/** Tap of a card: the address with its SUN message. */

const PLAIN = /^uid=([0-9A-F]{14})&ctr=([0-9A-F]{6})&cmac=[0-9A-F]{16}$/;
const SEALED = /^picc_data=[0-9A-F]{32}(&enc=[0-9A-F]+)?&cmac=[0-9A-F]{16}$/;

export interface Tap {
  /** Query string, which the record stores and the server verifies. */
  proof: string;
  /** Chip number and counter, if the card shows them in plain. */
  uid: string | null;
  counter: number;
}

/** The tap in a text from a reader, camera or NFC; null if there is none. */
export function tapOf(text: string): Tap | null {
  const query = text.trim().split("/tap?").at(-1)!;
  const plain = PLAIN.exec(query);
  if (plain) return { proof: query, uid: plain[1]!, counter: Number.parseInt(plain[2]!, 16) };
  return SEALED.test(query) ? { proof: query, uid: null, counter: 0 } : null;
}
