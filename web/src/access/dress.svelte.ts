/** A gate is dark unless its steward wants it light, whatever the fan's part of the app wears. */
import { storage } from "../kernel/storage";
import { properties, type Club } from "../theme/theme.svelte";

class Dress {
  dark = $state(storage.read<boolean>("gate.dark") ?? true);

  choose(dark: boolean): void {
    this.dark = dark;
    storage.write("gate.dark", dark);
  }

  wear(club: Club): void {
    const mode = this.dark ? "dark" : "light";
    const root = document.documentElement;
    root.dataset.theme = mode;
    for (const [name, value] of Object.entries(properties(club, mode))) root.style.setProperty(name, value);
  }
}

export const dress = new Dress();
