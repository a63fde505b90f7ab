/** Texts of the till, loaded with it; both languages are kept on the device. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { till } from "$messages/en/web/till";

export type Words = typeof till;

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/till.ts", { import: "till" }));
