/** Theme of the till: light by default. */
import { Dress } from "../../../shared/devices/dress.svelte";

export const dress = new Dress("till", false);
