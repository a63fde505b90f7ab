/** Words of the gate: a separate bundle, cached in both languages for offline use. */
import type { access } from "$messages/en/web/access";
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";

export type Words = typeof access;

class GateWords extends Bundle<Words> {
  time(at: number): string {
    return i18n.time(new Date(at).toISOString());
  }

  moment(at: number): string {
    return i18n.moment(new Date(at).toISOString());
  }
}

export const words = new GateWords(import.meta.glob<Words>("$messages/*/web/access.ts", { import: "access" }));
