/** Wrong PINs on this device. From the fifth on, each doubles the waiting time; a restart does not reset it. */
import { storage } from "../runtime/storage";

const FREE_ATTEMPTS = 5;
const FIRST_WAIT_S = 30;
const WAIT_MAX_S = 3_600;

interface WrongAttempts {
  count: number;
  until: number;
}

const read = (): Record<string, WrongAttempts> => storage.read<Record<string, WrongAttempts>>("device.tries") ?? {};

export const pinAttempts = {
  /** Seconds until the next attempt, 0 if allowed now. Setting the device's clock back makes it longer. */
  wait(id: string): number {
    return Math.max(0, Math.ceil(((read()[id]?.until ?? 0) - Date.now()) / 1000));
  },

  add(id: string, right: boolean): void {
    const { [id]: previous, ...others } = read();
    if (right) return storage.write("device.tries", others);
    const count = (previous?.count ?? 0) + 1;
    const wait = count < FREE_ATTEMPTS ? 0 : Math.min(WAIT_MAX_S, FIRST_WAIT_S * 2 ** (count - FREE_ATTEMPTS));
    storage.write("device.tries", { ...others, [id]: { count, until: Date.now() + wait * 1000 } });
  },
};
