/** Texts around the messages of the control room. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/broadcast";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/broadcast.ts", { import: "broadcast" }));
