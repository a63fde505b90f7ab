/** Wrong PINs on this device: after five, each one more makes the next wait twice as long, also over a restart. */
import { storage } from "../runtime/storage";

const FREE = 5;
const FIRST_WAIT_S = 30;
const WAIT_MAX_S = 3_600;

interface Wrong {
  count: number;
  until: number;
}

const read = (): Record<string, Wrong> => storage.read<Record<string, Wrong>>("device.tries") ?? {};

export const tries = {
  /** Seconds until the next try, 0 for now. By the device's own clock: who sets it back has waited before. */
  wait(id: string): number {
    return Math.max(0, Math.ceil(((read()[id]?.until ?? 0) - Date.now()) / 1000));
  },

  count(id: string, right: boolean): void {
    const { [id]: before, ...others } = read();
    if (right) return storage.write("device.tries", others);
    const count = (before?.count ?? 0) + 1;
    const wait = count < FREE ? 0 : Math.min(WAIT_MAX_S, FIRST_WAIT_S * 2 ** (count - FREE));
    storage.write("device.tries", { ...others, [id]: { count, until: Date.now() + wait * 1000 } });
  },
};
