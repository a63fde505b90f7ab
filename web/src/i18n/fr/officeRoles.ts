import type { officeRoles as English } from "../en/officeRoles";

/** What somebody may do, in the words of the office. */
export const officeRoles: typeof English = {
  roles: {
    admin: "Administration",
    programme: "Programmation",
    box_office: "Billetterie",
    finance: "Finances",
    steward: "Stadier",
    supervisor: "Superviseur des portes",
    cashier: "Caisse",
    kitchen: "Cuisine",
    match_desk: "Régie du match",
    media_desk: "Régie des images",
    moderator: "Modération",
    describer: "Audiodescription",
  },
  roleHints: {
    admin: "Tout, et inviter l’équipe",
    programme: "Événements et tarifs",
    box_office: "Commandes et remboursements",
    finance: "Rapports et commandes ; publie les prix des buvettes, accorde des bonus, bloque des cartes, gère concessionnaires et caisses",
    steward: "Contrôle les billets aux portes",
    supervisor: "Dirige des portes : associe les appareils, suit le flux, tranche",
    cashier: "Vend dans un point de vente",
    kitchen: "Prépare et remet les commandes",
    match_desk: "Publie ce qui se passe sur le terrain",
    media_desk: "Découpe et publie les ralentis",
    moderator: "Valide et retire les ralentis, et dit qui peut les voir",
    describer: "Décrit les ralentis à qui ne les voit pas",
  },
};
