/** Texts of the live pitch. */
export const pitch = {
  title: "Live pitch",
  description: (home: string, away: string) => `Pitch seen from above. ${home}: round shirts, ${away}: square shirts. The table below lists distance and speed.`,
  intro: "See where each player is. Uses about 15 kB per minute.",
  show: "Show the pitch",
  hide: "Hide the pitch",
  stopped: "Live positions are paused.",
  /** The third of the drawn pitch that the ball is in. */
  ball: { left: "The ball is in the left third.", middle: "The ball is in the middle third.", right: "The ball is in the right third." },
  lastKick: (who: string, kmh: number): string => (who ? `Last kick: ${who}, ${kmh} km/h` : `Last kick: ${kmh} km/h`),
  hardest: (who: string, kmh: number): string => (who ? `Fastest kick: ${who}, ${kmh} km/h` : `Fastest kick: ${kmh} km/h`),
  runs: "Distance and speed",
  runsOf: (team: string) => `Distance and speed: ${team}`,
  player: "Player",
  distance: "Distance",
  topSpeed: "Top speed",
  km: (km: string) => `${km} km`,
  kmh: (kmh: string) => `${kmh} km/h`,
};

export type Words = typeof pitch;
