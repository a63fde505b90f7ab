import type { Words } from "../../en/web/pitch";

export const pitch: Words = {
  title: "Spielfeld live",
  description: (home, away) => `Das Spielfeld von oben. ${home}: runde Trikots, ${away}: eckige Trikots. Die Tabelle unten nennt Laufstrecke und Tempo.`,
  intro: "Sehen Sie, wo alle stehen. Etwa 15 kB pro Minute.",
  show: "Spielfeld zeigen",
  hide: "Spielfeld ausblenden",
  stopped: "Live-Positionen sind pausiert.",
  /** The third of the drawn pitch that the ball is in. */
  ball: { left: "Der Ball ist im linken Drittel.", middle: "Der Ball ist im mittleren Drittel.", right: "Der Ball ist im rechten Drittel." },
  lastKick: (who, kmh) => (who ? `Letzter Schuss: ${who}, ${kmh} km/h` : `Letzter Schuss: ${kmh} km/h`),
  hardest: (who, kmh) => (who ? `Schnellster Schuss: ${who}, ${kmh} km/h` : `Schnellster Schuss: ${kmh} km/h`),
  runs: "Laufstrecke und Tempo",
  runsOf: (team) => `Laufstrecke und Tempo: ${team}`,
  player: "Spieler",
  distance: "Strecke",
  topSpeed: "Höchsttempo",
  km: (km) => `${km} km`,
  kmh: (kmh) => `${kmh} km/h`,
};
