/** How shirts are drawn, so that everybody sees who is whose: on both grounds, and though both teams come in one colour. */
import { contrast, parseHex, readableOn, toHex, toOklab, type Rgb } from "../../theme/colour";
import type { Teams } from "../feed";

export interface Shirt {
  fill: string;
  number: string;
  /** What stands out from the grass. */
  ring: string;
}

/** How near in OKLab two colours may be and still be told apart at the size of a thumb tack. */
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
  // a ring in the colour of the shirt would be none where the shirt itself stands out
  return { fill: toHex(fill), number: toHex(readableOn(fill)), ring: toHex(contrast(ring, fill) > 1.2 ? ring : readableOn(fill)) };
}

function apart(one: Rgb, other: Rgb): number {
  const [a, b] = [toOklab(one), toOklab(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
