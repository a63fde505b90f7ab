/** The QR code of a text as one SVG path, so that it stays sharp at any size. */

import { encode } from "uqr";

export interface QrPath {
  /** Side of the square in modules, quiet zone included: the viewBox is `0 0 size size`. */
  size: number;
  /** The dark modules, as the `d` of a path. */
  d: string;
  version: number;
}

const QUIET_ZONE = 4;

/** The code with its quiet zone, at level M unless the text needs a lower one. Throws if the text is too long. */
export function qrPath(text: string, ecc: "L" | "M" = "M"): QrPath {
  const { data, size, version } = encode(text, { ecc, boostEcc: false, border: QUIET_ZONE });
  const runs: string[] = [];
  data.forEach((row, y) => {
    for (let x = 0; x < size; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x]) x++;
      runs.push(`M${start} ${y}h${x - start}v1h-${x - start}z`);
    }
  });
  return { size, d: runs.join(""), version };
}
