/** Theme of the till: light by default. */
import { DeviceTheme } from "../../../shared/devices/deviceTheme.svelte";

export const deviceTheme = new DeviceTheme("till", false);
