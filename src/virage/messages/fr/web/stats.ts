/** Texts of the match statistics. */
import type { Words } from "../../en/web/stats";

export const stats: Words = {
  title: "Statistiques",
  caption: (home: string, away: string) => `Statistiques : ${home} et ${away}`,
  statistic: "Statistique",
  possession: "Possession",
  possessionHelp: "part des passes",
  shots: "Tirs",
  on_target: "Cadrés",
  corners: "Corners",
  fouls: "Fautes",
  offsides: "Hors-jeu",
  passes: "Passes",
  accuracy: "Passes réussies",
  yellow: "Cartons jaunes",
  red: "Cartons rouges",
  percent: (value: string) => `${value} %`,
  byPlayer: "Joueur par joueur",
  player: "Joueur",
  completed: "réussies",
  noPlayers: "Aucune statistique individuelle pour l’instant.",
};
