/** Light or dark theme of a staff device, stored per kind of device and independent of the fan app's theme. */
import { storage } from "../runtime/storage";
import { properties, type Club } from "../theme/theme.svelte";

export class DeviceTheme {
  dark = $state(true);
  readonly #kind: string;

  constructor(kind: string, dark: boolean) {
    this.#kind = kind;
    this.dark = storage.read<boolean>(`${kind}.dark`) ?? dark;
  }

  choose(dark: boolean): void {
    this.dark = dark;
    storage.write(`${this.#kind}.dark`, dark);
  }

  apply(club: Club): void {
    const mode = this.dark ? "dark" : "light";
    const root = document.documentElement;
    root.dataset.theme = mode;
    for (const [name, value] of Object.entries(properties(club, mode))) root.style.setProperty(name, value);
  }
}
