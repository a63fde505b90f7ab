/** Theme of the gate: dark by default. */
import { DeviceTheme } from "../../../shared/devices/deviceTheme.svelte";

export const deviceTheme = new DeviceTheme("gate", true);
