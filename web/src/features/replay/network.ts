/** Network information of the browser: for the first rendition of a replay, and for preloading. */
interface Connection {
  saveData?: boolean;
  /** Megabits per second, at most 10, if the browser reports it. */
  downlink?: number;
}

const UNKNOWN_BITS_S = 500_000;
const LITTLE_MBIT_S = 1;

const connection = (): Connection => (navigator as Navigator & { connection?: Connection }).connection ?? {};

/** Initial estimate in bits per second; 0, for the smallest rendition, with data saving. */
export function expectedBits({ saveData, downlink }: Connection = connection()): number {
  return saveData ? 0 : downlink ? downlink * 1e6 : UNKNOWN_BITS_S;
}

/** Preload the player if the network is fast enough. */
export function preloadPlayer(network: Connection = connection()): void {
  if (!network.saveData && (network.downlink ?? 0) > LITTLE_MBIT_S) void import("hls.js").catch(() => null);
}
