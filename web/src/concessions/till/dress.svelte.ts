/** A till is light unless its cashier wants it dark. */
import { Dress } from "../../devices/dress.svelte";

export const dress = new Dress("till", false);
