import type { officeRoles as English } from "../../en/web/officeRoles";

export const officeRoles: typeof English = {
  roles: {
    admin: "Administration",
    venue_manager: "Stades",
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
    admin: "Accès complet, y compris à l’équipe",
    venue_manager: "Plans des stades, versions et fermetures",
    programme: "Événements et tarifs",
    box_office: "Commandes et remboursements",
    finance: "Rapports et commandes, prix des buvettes, bonus, blocage de cartes, concessionnaires et caisses",
    steward: "Contrôle les billets aux portes",
    supervisor: "Gère des portes : associe les appareils, suit les entrées, lève les refus",
    cashier: "Vend dans une buvette",
    kitchen: "Prépare et remet les commandes",
    match_desk: "Publie les faits de match",
    media_desk: "Découpe et publie les ralentis",
    moderator: "Valide et retire les ralentis, définit qui peut les voir",
    describer: "Décrit les ralentis pour les personnes aveugles et malvoyantes",
  },
};
