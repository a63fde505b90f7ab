/** Texts of teams: on stewards' phones, and at the control room desk. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/stewards";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/stewards.ts", { import: "stewards" }));
