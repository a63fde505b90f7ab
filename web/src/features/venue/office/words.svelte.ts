/** Texts of the office's pages about venues. */
import type { venues } from "$messages/en/web/officeVenues";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

type Words = typeof venues;

class VenueWords extends Bundle<Words> {
  /** Who saved a version: null for the command line, empty for a person without a name. */
  author(name: string | null): string {
    return name === null ? this.w.commandLine : name || this.w.unnamed;
  }
}

export const words = new VenueWords(import.meta.glob<Words>("$messages/*/web/officeVenues.ts", { import: "venues" }));
