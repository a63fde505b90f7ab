/** What the figures of a match say. */
export const stats = {
  title: "Stats",
  caption: (home: string, away: string) => `Figures of ${home} and ${away}`,
  figure: "Figure",
  possession: "Possession",
  possessionHelp: "share of all passes",
  shots: "Shots",
  on_target: "On target",
  corners: "Corners",
  fouls: "Fouls",
  offsides: "Offside",
  passes: "Passes",
  accuracy: "Passes completed",
  yellow: "Yellow cards",
  red: "Red cards",
  percent: (value: string) => `${value}%`,
  byPlayer: "Player by player",
  player: "Player",
  completed: "completed",
  nobody: "Nothing is counted yet.",
};

export type Words = typeof stats;
