/** Recording times of a clip, and their positions in the time of a player. */
export interface TimedFragment {
  /** Start in the time of the player, seconds. */
  start: number;
  /** Seconds. */
  duration: number;
  /** Recording time, Unix milliseconds. */
  programDateTime: number | null;
}

const LAST_S = 0.1;

/** The position of a recording time, or the nearest one; null without timed fragments. */
export function positionOf(fragments: readonly TimedFragment[], instant: number): number | null {
  let position: number | null = null;
  for (const { start, duration, programDateTime } of fragments) {
    if (programDateTime === null) continue;
    const after = (instant - programDateTime) / 1000;
    if (position === null || after >= 0) position = start + Math.min(Math.max(after, 0), Math.max(0, duration - LAST_S));
  }
  return position;
}
