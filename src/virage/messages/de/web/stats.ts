/** Texts of the match statistics. */
import type { Words } from "../../en/web/stats";

export const stats: Words = {
  title: "Statistik",
  caption: (home, away) => `Statistik: ${home} und ${away}`,
  statistic: "Wert",
  possession: "Ballbesitz",
  possessionHelp: "Anteil der Pässe",
  shots: "Schüsse",
  on_target: "Aufs Tor",
  corners: "Ecken",
  fouls: "Fouls",
  offsides: "Abseits",
  passes: "Pässe",
  accuracy: "Angekommene Pässe",
  yellow: "Gelbe Karten",
  red: "Rote Karten",
  percent: (value) => `${value} %`,
  byPlayer: "Nach Spielern",
  player: "Spieler",
  completed: "angekommen",
  noPlayers: "Noch keine Spielerstatistik.",
};
