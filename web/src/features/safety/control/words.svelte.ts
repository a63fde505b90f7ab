/** Texts of the control room. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/control";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/control.ts", { import: "control" }));
