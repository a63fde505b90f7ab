/** Texts of memberships and of members' sales. */
import type { membership } from "$messages/en/web/membership";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof membership>("$messages/*/web/membership.ts", { import: "membership" }));
