/** A gate is dark unless its steward wants it light. */
import { Dress } from "../../../shared/devices/dress.svelte";

export const dress = new Dress("gate", true);
