import type { Words } from "../../en/web/pitch";

export const pitch: Words = {
  title: "Terrain en direct",
  description: (home, away) => `Le terrain vu d’en haut. ${home} : maillots ronds, ${away} : maillots carrés. Distances et vitesses figurent dans le tableau ci-dessous.`,
  intro: "Voyez où se trouve chaque joueur. Environ 15 ko par minute.",
  show: "Afficher le terrain",
  hide: "Masquer le terrain",
  stopped: "Positions momentanément indisponibles.",
  ball: { left: "Le ballon est dans le tiers gauche.", middle: "Le ballon est dans le tiers central.", right: "Le ballon est dans le tiers droit." },
  lastKick: (who, kmh) => (who ? `Dernière frappe : ${who}, ${kmh} km/h` : `Dernière frappe : ${kmh} km/h`),
  hardest: (who, kmh) => (who ? `Frappe la plus rapide : ${who}, ${kmh} km/h` : `Frappe la plus rapide : ${kmh} km/h`),
  runs: "Distances et vitesses",
  runsOf: (team) => `Distances et vitesses : ${team}`,
  player: "Joueur",
  distance: "Distance",
  topSpeed: "Vitesse de pointe",
  km: (km) => `${km} km`,
  kmh: (kmh) => `${kmh} km/h`,
};
