/** Texts of the office's page that moves an event to another version of its venue. */
import type { moving } from "$messages/en/web/officeMoving";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof moving>("$messages/*/web/officeMoving.ts", { import: "moving" }));
