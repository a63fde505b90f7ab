/** Drawing of shirts: teams are distinguishable in both themes, even with similar kit colours. */
import { contrast, parseHex, readableOn, toHex, toOklab, type Rgb } from "../../shared/theme/colour";
import type { Teams } from "../live/feed";

export interface Shirt {
  fill: string;
  number: string;
  /** A colour with contrast to the grass. */
  ring: string;
}

/** Smallest OKLab distance of two distinguishable small colour areas. */
const ALIKE = 0.2;
const AWAY = "#ffffff";
const AWAY_TOO = "#10131f";
const HOME = "#12235a";

export function shirts(teams: Teams | null, grass: string): { home: Shirt; away: Shirt } {
  const ground = parseHex(grass);
  const home = parseHex(teams?.home.colour ?? HOME);
  const wished = parseHex(teams?.away.colour ?? AWAY);
  const other = apart(home, parseHex(AWAY)) > ALIKE ? parseHex(AWAY) : parseHex(AWAY_TOO);
  return { home: shirt(home, ground), away: shirt(apart(home, wished) > ALIKE ? wished : other, ground) };
}

function shirt(fill: Rgb, ground: Rgb): Shirt {
  const ring = readableOn(ground);
  // a ring in the shirt's own colour would be invisible
  return { fill: toHex(fill), number: toHex(readableOn(fill)), ring: toHex(contrast(ring, fill) > 1.2 ? ring : readableOn(fill)) };
}

function apart(first: Rgb, other: Rgb): number {
  const [a, b] = [toOklab(first), toOklab(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
