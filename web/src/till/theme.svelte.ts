/** Theme of the till: light by default. */
import { Dress } from "../devices/dress.svelte";

export const dress = new Dress("till", false);
