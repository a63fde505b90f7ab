/** What the pitch says. */
export const pitch = {
  title: "Live pitch",
  drawn: (home: string, away: string) => `The pitch from above. ${home}: round shirts, ${away}: square shirts. What each has run is in the table below.`,
  ask: "See where each player is. Uses about 15 kB per minute.",
  show: "Show the pitch",
  hide: "Hide the pitch",
  stopped: "Live positions are paused.",
  /** Which third of the pitch, by who defends it. */
  ball: { left: "The ball is in the third on the left.", middle: "The ball is in the middle third.", right: "The ball is in the third on the right." },
  lastKick: (who: string, kmh: number): string => (who ? `Last kick: ${who}, ${kmh} km/h` : `Last kick: ${kmh} km/h`),
  hardest: (who: string, kmh: number): string => (who ? `Hardest kick: ${who}, ${kmh} km/h` : `Hardest kick: ${kmh} km/h`),
  runs: "Distance and speed",
  runsOf: (team: string) => `Distance and speed: ${team}`,
  player: "Player",
  distance: "Distance",
  topSpeed: "Top speed",
  km: (km: string) => `${km} km`,
  kmh: (kmh: string) => `${kmh} km/h`,
};

export type Words = typeof pitch;
