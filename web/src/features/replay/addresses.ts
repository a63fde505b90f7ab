/** Where replays are fetched, as src/virage/media/replay/rules/addresses.py has it. */
const BASE = "/api/replay/clips";

export const angleOf = (clip: string, camera: string): string => `${BASE}/${clip}/${camera}/main.m3u8`;
export const posterOf = (clip: string): string => `${BASE}/${clip}/poster.jpg`;
/** As a file: as it was heard, or with what is said for who does not see it. */
export const fileOf = (clip: string, camera: string, described?: string): string => `${BASE}/${clip}/${camera}/${described ? `described/${described}/` : ""}clip.mp4`;
export const pageOf = (clip: string): string => `/r/${clip}`;
