/** Texts with which the control room sends messages, and the prepared messages of every installed language. */
import { Bundle } from "../../../../shared/i18n/bundle.svelte";
import type { Words } from "$messages/en/web/composer";

export type TemplateName = keyof Words["templates"];

export const words = new Bundle(import.meta.glob<Words>("$messages/*/web/composer.ts", { import: "composer" }));
