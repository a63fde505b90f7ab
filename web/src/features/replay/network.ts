/** What the phone says of its network, for the first size of a replay and for what is fetched before it is asked for. */
interface Connection {
  saveData?: boolean;
  /** Megabits a second, as far as the browser tells: 10 at most. */
  downlink?: number;
}

const UNKNOWN_BITS_S = 500_000;
const LITTLE_MBIT_S = 1;

const connection = (): Connection => (navigator as Navigator & { connection?: Connection }).connection ?? {};

/** Bits a second to begin with, until some have been measured: the smallest size for who saves data. */
export function expectedBits({ saveData, downlink }: Connection = connection()): number {
  return saveData ? 0 : downlink ? downlink * 1e6 : UNKNOWN_BITS_S;
}

/** Fetch the library before somebody wants a replay, where the network has room for it. */
export function makeReady(found: Connection = connection()): void {
  if (!found.saveData && (found.downlink ?? 0) > LITTLE_MBIT_S) void import("hls.js").catch(() => null);
}
