import { clock } from "../../../shared/runtime/clock.svelte";

/** The server updates the last contact of a device at most every ten minutes. */
const LATELY_MS = 20 * 60_000;

/** Whether a device has not been seen lately. */
export const isLate = (device: { last_seen_at: string }): boolean => clock.now() - Date.parse(device.last_seen_at) > LATELY_MS;
