import type { listWords as English } from "../../en/web/listWords";

export const listWords: typeof English = {
  columns: {
    number: ["Nummer", "Nr", "Nr.", "Rückennummer", "Trikot"],
    name: ["Name", "Spieler", "Spielerin"],
    position: ["Position"],
  },
  marks: {
    starts: ["Startelf"],
    bench: ["Bank", "Ersatzbank", "Ersatz"],
    captain: ["Kapitän", "Kapitänin", "K"],
  },
  no: ["nein", "falsch"],
  positions: {
    goalkeeper: ["Torwart", "Torfrau", "TW"],
    defender: ["Abwehr", "Verteidiger", "Verteidigerin", "AB", "ABW"],
    midfielder: ["Mittelfeld", "MI"],
    forward: ["Angriff", "Sturm", "Stürmer", "Stürmerin", "ST"],
  },
  kinds: {
    staff: ["Organisation"],
    players: ["Mannschaften", "Mannschaft", "Spieler", "Spielerin"],
    press: ["Presse"],
    contractor: ["Dienstleister", "Dienstleisterin"],
  },
};
