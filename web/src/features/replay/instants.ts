/** Moments of a clip: what the clock of the ground showed, and where that is in the time of a player. */
export interface Shown {
  /** Where it begins in the time of the player, seconds. */
  start: number;
  /** Seconds. */
  duration: number;
  /** What the clock showed when it was seen, milliseconds. */
  programDateTime: number | null;
}

const LAST_S = 0.1;

/** Where a moment is; the nearest there is, if it is not in the clip. Null while nothing is known. */
export function positionOf(shown: readonly Shown[], instant: number): number | null {
  let found: number | null = null;
  for (const { start, duration, programDateTime } of shown) {
    if (programDateTime === null) continue;
    const after = (instant - programDateTime) / 1000;
    if (found === null || after >= 0) found = start + Math.min(Math.max(after, 0), Math.max(0, duration - LAST_S));
  }
  return found;
}
