/** Texts of season tickets and packs. */
import type { packages } from "$messages/en/web/packages";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof packages>("$messages/*/web/packages.ts", { import: "packages" }));
