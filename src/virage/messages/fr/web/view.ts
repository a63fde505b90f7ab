import type { view as english } from "../../en/web/view";

/** La vue depuis une place : sa légende, et sa description pour les lecteurs d’écran. Les distances sont en mètres entiers. */
export const view: typeof english = {
  title: "Vue depuis la place",
  yours: "Votre vue",
  standing: "Debout",
  row: (row) => `Rang ${row}`,
  unknown: "La vue depuis cette place n’est pas connue : la hauteur de son rang n’a pas été mesurée.",
  unknownPlace: "La vue depuis cette place n’est pas connue.",
  drawing: (facts) => `Dessin de la vue. ${facts}`,
  where: (place, block, stand) => [place, block, stand].filter(Boolean).join(", "),
  toLine: {
    touchline: (metres) => `à ${metres} m de la ligne de touche`,
    goalLine: (metres) => `à ${metres} m de la ligne de but`,
  },
  toCentre: (metres) => `à ${metres} m du point central`,
  toMiddle: (metres) => `à ${metres} m du centre`,
  toStage: (metres) => `à ${metres} m de la scène`,
  above: (metres) => `${metres} m au-dessus de la pelouse`,
  level: "au niveau de la pelouse",
  side: {
    halfway: "Le long de la touche, à hauteur de la ligne médiane",
    half: "Le long de la touche, entre la ligne médiane et la surface de réparation",
    penaltyArea: "Le long de la touche, à hauteur de la surface de réparation",
    corner: "Dans un angle",
    goal: "Derrière le but",
    besideGoal: "Derrière la ligne de but, à côté du but",
    pitch: "Sur la pelouse",
  },
  overHeads: {
    first: "Aucun rang devant vous",
    clear: "Toute la pelouse est visible au-dessus des têtes de devant",
    partly: "La ligne la plus proche est visible entre les têtes de devant",
    hidden: "Les têtes de devant peuvent cacher la ligne la plus proche",
  },
  sightline: (view, stars) => `${view}, ${stars} sur 5`,
};
