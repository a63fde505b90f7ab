/** Colour arithmetic: WCAG contrast, and lightness in OKLCH, which keeps the hue. */

export type Rgb = readonly [number, number, number];

export function parseHex(hex: string): Rgb {
  const digits = hex.replace("#", "");
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const value = /^[0-9a-f]{6}$/i.test(full) ? Number.parseInt(full, 16) : 0x12235a;
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function toHex(rgb: Rgb): string {
  return `#${rgb.map((part) => Math.round(Math.min(255, Math.max(0, part))).toString(16).padStart(2, "0")).join("")}`;
}

const linear = (part: number): number => {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

const gamma = (share: number): number =>
  255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * Math.max(0, share) ** (1 / 2.4) - 0.055);

export function luminance(rgb: Rgb): number {
  return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

export function contrast(first: Rgb, second: Rgb): number {
  const [light, dark] = [luminance(first), luminance(second)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** OKLab: lightness 0 to 1, and two colour axes. */
export function toOklab(rgb: Rgb): Rgb {
  const [r, g, b] = [linear(rgb[0]), linear(rgb[1]), linear(rgb[2])];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

export function fromOklab(lab: Rgb): Rgb {
  const l = (lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]) ** 3;
  const m = (lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]) ** 3;
  const s = (lab[0] - 0.0894841775 * lab[1] - 1.291485548 * lab[2]) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ].map((part) => Math.min(255, Math.max(0, part))) as unknown as Rgb;
}

/** The same hue at another lightness; chroma decreases towards black and white. */
export function atLightness(rgb: Rgb, lightness: number): Rgb {
  const [, a, b] = toOklab(rgb);
  const room = Math.min(1, 4 * lightness * (1 - lightness) + 0.25);
  return fromOklab([lightness, a * room, b * room]);
}

export const WHITE: Rgb = [255, 255, 255];
export const BLACK: Rgb = [12, 16, 32];

/** White or near black: whichever has more contrast on `ground`. */
export function readableOn(ground: Rgb): Rgb {
  return contrast(WHITE, ground) >= contrast(BLACK, ground) ? WHITE : BLACK;
}

/** `colour`, its lightness moved away from `ground` until text has at least `least` contrast. */
export function inkOn(colour: Rgb, ground: Rgb, least = 4.6): Rgb {
  if (contrast(colour, ground) >= least) return colour;
  const away = luminance(ground) > 0.18 ? -0.02 : 0.02;
  for (let lightness = toOklab(colour)[0]; lightness >= 0 && lightness <= 1; lightness += away) {
    const candidate = atLightness(colour, lightness);
    if (contrast(candidate, ground) >= least) return candidate;
  }
  return readableOn(ground);
}

/** A background for text: the club's colour, adjusted only if neither white nor black is legible on it. */
export function groundFor(colour: Rgb, least = 4.6): Rgb {
  const text = readableOn(colour);
  return contrast(text, colour) >= least ? colour : inkOn(colour, text, least);
}
