/** Light or dark theme with the club's colours, as custom properties set through the CSSOM (the CSP forbids inline styles). */
import { storage } from "../runtime/storage";
import type { Currency } from "../ui/currency";
import { atLightness, groundFor, inkOn, parseHex, readableOn, toHex, toOklab } from "./colour";

export type Choice = "system" | "light" | "dark";
export interface Club {
  name: string;
  short_name: string;
  primary: string;
  secondary: string;
  accent: string;
  locale: string;
  /** BCP 47 tags, the default first; missing in what a phone stored before 0.3.0. */
  languages?: string[];
  /** Missing in what a phone stored before 0.3.0, when every deployment was in euros. */
  currency?: Currency;
  /** IANA name; missing as above. */
  time_zone?: string;
}

const FALLBACK: Club = {
  name: "Virage",
  short_name: "Virage",
  primary: "#14387f",
  secondary: "#da001a",
  accent: "#c9a227",
  locale: "",
  languages: [],
};
const SURFACES = { light: "#f2f3f7", dark: "#1d2436" } as const;
const dark = matchMedia("(prefers-color-scheme: dark)");

class Theme {
  choice = $state<Choice>(storage.read<Choice>("theme") ?? "system");
  /** Whether this browser has loaded the club before. */
  readonly isStored = storage.read<Club>("club") !== null;
  club = $state.raw<Club>(storage.read<Club>("club") ?? FALLBACK);
  #system = $state(dark.matches);
  readonly mode = $derived<"light" | "dark">(this.choice === "system" ? (this.#system ? "dark" : "light") : this.choice);

  start(): void {
    dark.addEventListener("change", (event) => {
      this.#system = event.matches;
      this.paint();
    });
    this.paint();
  }

  choose(choice: Choice): void {
    this.choice = choice;
    storage.write("theme", choice === "system" ? null : choice);
    this.paint();
  }

  wear(club: Club): void {
    this.club = club;
    storage.write("club", club);
    this.paint();
  }

  paint(): void {
    const root = document.documentElement;
    root.dataset.theme = this.mode;
    const values = properties(this.club, this.mode);
    for (const [name, value] of Object.entries(values)) root.style.setProperty(name, value);
    document.querySelector("meta[name=theme-color]")?.setAttribute("content", values["--club"]!);
  }
}

/** Custom properties of the club: every pair of background and text has AA contrast, whatever the colours. */
export function properties(club: Club, mode: "light" | "dark"): Record<string, string> {
  const primary = groundFor(parseHex(club.primary));
  const second = groundFor(parseHex(club.secondary));
  const surface = parseHex(SURFACES[mode]);
  const deep = atLightness(primary, Math.max(0.12, toOklab(primary)[0] - 0.1));
  const values: Record<string, string> = {
    "--club": toHex(primary),
    "--on-club": toHex(readableOn(primary)),
    "--club-deep": toHex(groundFor(deep)),
    "--on-club-deep": toHex(readableOn(groundFor(deep))),
    "--club-ink": toHex(inkOn(primary, surface)),
    "--accent": toHex(second),
    "--on-accent": toHex(readableOn(second)),
    "--accent-ink": toHex(inkOn(parseHex(club.secondary), surface)),
    "--gilt": toHex(inkOn(parseHex(club.accent), groundFor(deep))),
  };
  for (const [name, value] of Object.entries(values)) values[`${name}-rgb`] = parseHex(value).join(" ");
  return values;
}

export const theme = new Theme();
