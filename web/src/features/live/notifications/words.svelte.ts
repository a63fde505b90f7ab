/** Texts of match alerts. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/notifications";

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/notifications.ts", { import: "notifications" }));
