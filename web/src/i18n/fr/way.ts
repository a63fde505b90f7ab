import type { way as words } from "../en/way";
import { plural } from "./common";

export const way: typeof words = {
  way: {
    title: "Votre chemin",
    loading: "Recherche du chemin…",
    summary: (ramp, gate) => `Rampe ${ramp}, porte ${gate}`,
    walk: (minutes, metres) => `${plural(minutes, "minute", "minutes")} à pied, ${metres} m`,
    stepFree: "Sans escalier",
    stepFreeWhole: "Aucune marche sur tout le chemin.",
    stepsLeft: (steps) => `${plural(steps, "marche reste inévitable", "marches restent inévitables")} dans votre bloc.`,
    none: "Aucun chemin sans escalier n’est ouvert aujourd’hui",
    noneText: "Un ascenseur nécessaire est en panne. Demandez à un stadier, à n’importe quelle rampe : il vous conduira autrement.",
    offline: "Le chemin s’affichera ici après une première connexion.",
    drawing: (ramp, gate) => `Plan du stade avec votre chemin de la rampe ${ramp} à votre place par la porte ${gate}`,
    list: "Itinéraire",
    metres: (metres) => `${metres} m`,
    floor: {
      road: "la rue",
      podium: "le parvis",
      ring1: "l’anneau inférieur",
      ring2: "l’anneau intermédiaire",
      ring3: "l’anneau supérieur",
      gallery1: "la galerie inférieure",
      gallery3: "la galerie supérieure",
      pitch: "la pelouse",
    },
    ramp: (name) => `Montez au parvis par la rampe ${name}`,
    tunnel: "Descendez par le tunnel jusqu’à la pelouse",
    turn: { left: "tournez à gauche", right: "tournez à droite", "": "allez tout droit" },
    turnHint: "Gauche et droite s’entendent face à la pelouse.",
    walkTo: (turn, place) => `${turn} jusqu’à ${place}`,
    stairs: (name, up, steps, floor) =>
      `Prenez l’escalier ${name}, ${up ? "montez" : "descendez"} ${plural(steps, "marche", "marches")} vers ${floor}`,
    lift: (name, floor) => `Prenez l’ascenseur ${name} vers ${floor}`,
    toRow: (up, steps, row) => `${up ? "Montez" : "Descendez"} ${plural(steps, "marche", "marches")} jusqu’au rang ${row}`,
    toSeat: (row, seat) => `Suivez le rang ${row} jusqu’à la place ${seat}`,
    places: {
      gate: (name) => `la porte ${name}`,
      stairs: (name) => `l’escalier ${name}`,
      lift: (name) => `l’ascenseur ${name}`,
      block: (name) => `l’entrée du bloc ${name}`,
      platform: (name) => `la plateforme PMR du bloc ${name}`,
      area: "votre zone",
      other: "votre but",
    },
  },
};
