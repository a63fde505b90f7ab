/** Where replays are fetched, as src/virage/replay/rules/addresses.py has it. */
const BASE = "/api/replay/clips";

export const angleOf = (clip: string, camera: string): string => `${BASE}/${clip}/${camera}/main.m3u8`;
export const posterOf = (clip: string): string => `${BASE}/${clip}/poster.jpg`;
export const fileOf = (clip: string, camera: string): string => `${BASE}/${clip}/${camera}/clip.mp4`;
export const pageOf = (clip: string): string => `/r/${clip}`;
