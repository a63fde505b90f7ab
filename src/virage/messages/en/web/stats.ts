/** Texts of the match statistics. */
export const stats = {
  title: "Stats",
  caption: (home: string, away: string) => `Statistics: ${home} and ${away}`,
  statistic: "Statistic",
  possession: "Possession",
  possessionHelp: "share of passes",
  shots: "Shots",
  on_target: "On target",
  corners: "Corners",
  fouls: "Fouls",
  offsides: "Offsides",
  passes: "Passes",
  accuracy: "Passes completed",
  yellow: "Yellow cards",
  red: "Red cards",
  percent: (value: string) => `${value}%`,
  byPlayer: "Player by player",
  player: "Player",
  completed: "completed",
  noPlayers: "No player statistics yet.",
};

export type Words = typeof stats;
