/** Messages of the view from a seat. */
import type { view } from "$messages/en/web/view";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle<typeof view>(import.meta.glob<typeof view>("$messages/*/web/view.ts", { import: "view" }));
