import type { listWords as English } from "../../en/web/listWords";

export const listWords: typeof English = {
  columns: {
    number: ["numéro", "n°", "maillot"],
    name: ["nom", "joueur", "joueuse"],
    position: ["poste"],
  },
  marks: {
    starts: ["titulaire"],
    bench: ["remplaçant", "remplaçante"],
    captain: ["capitaine"],
  },
  no: ["non", "faux"],
  positions: {
    goalkeeper: ["gardien", "gardienne"],
    defender: ["défenseur", "défenseure"],
    midfielder: ["milieu"],
    forward: ["attaquant", "attaquante", "A"],
  },
  kinds: {
    staff: ["organisation"],
    players: ["équipes", "équipe", "joueurs", "joueur"],
    press: ["presse"],
    contractor: ["prestataire", "prestataires"],
  },
};
