import type { view as English } from "../../en/web/view";

export const view: typeof English = {
  title: "Sicht vom Platz",
  yours: "Ihre Sicht",
  standing: "Stehplatz",
  row: (row) => `Reihe ${row}`,
  unknown: "Die Sicht von diesem Platz ist nicht bekannt: Die Höhe der Reihe wurde nicht vermessen.",
  unknownPlace: "Die Sicht von diesem Platz ist nicht bekannt.",
  drawing: (facts) => `Zeichnung der Sicht. ${facts}`,
  where: (place, block, stand) => [place, block, stand].filter(Boolean).join(", "),
  toLine: {
    touchline: (metres) => `${metres} m bis zur Seitenlinie`,
    goalLine: (metres) => `${metres} m bis zur Torlinie`,
  },
  toCentre: (metres) => `${metres} m bis zum Anstoßpunkt`,
  toMiddle: (metres) => `${metres} m bis zur Mitte`,
  toStage: (metres) => `${metres} m bis zur Bühne`,
  above: (metres) => `${metres} m über dem Spielfeld`,
  level: "auf Höhe des Spielfelds",
  side: {
    halfway: "An der Längsseite, auf Höhe der Mittellinie",
    half: "An der Längsseite, zwischen Mittellinie und Strafraum",
    penaltyArea: "An der Längsseite, auf Höhe des Strafraums",
    corner: "In der Ecke",
    goal: "Hinter dem Tor",
    besideGoal: "Hinter der Torlinie, seitlich vom Tor",
    pitch: "Im Innenraum",
  },
  overHeads: {
    first: "Vor Ihnen ist keine weitere Reihe",
    clear: "Sie sehen das ganze Spielfeld über die Köpfe vor Ihnen hinweg",
    partly: "Sie sehen die nahe Linie des Spielfelds zwischen den Köpfen vor Ihnen",
    hidden: "Köpfe vor Ihnen können die nahe Linie des Spielfelds verdecken",
  },
  sightline: (view, stars) => `${view}, ${stars} von 5`,
};
