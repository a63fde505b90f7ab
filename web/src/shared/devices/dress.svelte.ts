/** What a post of the staff wears, as whoever stands at it wants it, whatever the fan's part of the app wears. */
import { storage } from "../runtime/storage";
import { properties, type Club } from "../theme/theme.svelte";

export class Dress {
  dark = $state(true);
  readonly #post: string;

  constructor(post: string, dark: boolean) {
    this.#post = post;
    this.dark = storage.read<boolean>(`${post}.dark`) ?? dark;
  }

  choose(dark: boolean): void {
    this.dark = dark;
    storage.write(`${this.#post}.dark`, dark);
  }

  wear(club: Club): void {
    const mode = this.dark ? "dark" : "light";
    const root = document.documentElement;
    root.dataset.theme = mode;
    for (const [name, value] of Object.entries(properties(club, mode))) root.style.setProperty(name, value);
  }
}
