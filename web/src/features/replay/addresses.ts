/** URLs of replays, as in src/virage/media/replay/rules/addresses.py. */
const BASE = "/api/replay/clips";

export const angleOf = (clip: string, camera: string): string => `${BASE}/${clip}/${camera}/main.m3u8`;
export const posterOf = (clip: string): string => `${BASE}/${clip}/poster.jpg`;
/** The clip as a file, with its sound or with an audio description. */
export const fileOf = (clip: string, camera: string, described?: string): string => `${BASE}/${clip}/${camera}/${described ? `described/${described}/` : ""}clip.mp4`;
export const pageOf = (clip: string): string => `/r/${clip}`;
