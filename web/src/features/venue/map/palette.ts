/** Colours of the map in the theme: a category's colour in four strengths of availability. */
import { contrast, inkOn, parseHex, readableOn, toHex, type Rgb } from "../../../shared/theme/colour";

export type Level = 0 | 1 | 2 | 3;
const STRENGTH = [0, 0.34, 0.62, 1] as const;

/** 0 none, 1 few, 2 some, 3 many. */
export function levelOf(free: number, count: number): Level {
  if (free === 0) return 0;
  const share = free / Math.max(1, count);
  return share < 0.1 ? 1 : share < 0.4 ? 2 : 3;
}

export interface Palette {
  surface: string;
  gone: string;
  ink: string;
  soft: string;
  line: string;
  accent: string;
  onAccent: string;
  focus: string;
  pitch: string;
  pitchLine: string;
  fill: (colour: string, level: Level) => string;
  textOn: (fill: string) => string;
  /** A category's colour for seats: at least 3:1 against the surface. */
  seat: (colour: string) => string;
}

const mix = (first: Rgb, second: Rgb, share: number): Rgb =>
  first.map((part, index) => part * share + second[index]! * (1 - share)) as unknown as Rgb;

export function palette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const surface = parseHex(token("surface"));
  const colours = new Map<string, string>();
  const cached = (key: string, make: () => string): string => {
    const known = colours.get(key) ?? make();
    colours.set(key, known);
    return known;
  };
  const solid = (colour: string): Rgb => {
    const rgb = parseHex(colour);
    return contrast(rgb, surface) >= 3 ? rgb : inkOn(rgb, surface, 3);
  };
  return {
    surface: token("surface"),
    gone: token("seat-gone"),
    ink: token("ink"),
    soft: token("ink-2"),
    line: token("line"),
    accent: token("ink"),
    onAccent: token("surface"),
    focus: token("club-ink"),
    pitch: token("pitch"),
    pitchLine: token("pitch-line"),
    fill: (colour, level) => cached(`${colour}${level}`, () => toHex(mix(solid(colour), surface, STRENGTH[level]))),
    textOn: (fill) => cached(`text${fill}`, () => toHex(readableOn(parseHex(fill)))),
    seat: (colour) => cached(`seat${colour}`, () => toHex(solid(colour))),
  };
}
