import type { staffHome as English } from "../../en/web/staffHome";

export const staffHome: typeof English = {
  title: "Votre espace de travail",
  lead: "Pour l’équipe. Connectez-vous avec votre compte professionnel.",
  noRole: (email) => `Vous êtes connecté avec ${email}. Ce compte n’a aucun rôle dans l’équipe. Demandez à un administrateur d’inviter cette adresse.`,
  other: "Utiliser un autre compte",
  as: (email) => `Connecté avec ${email}`,
  screens: {
    gate: "Porte",
    control: "Poste de commandement",
    safety: "Signaler et intervenir",
    till: "Caisse",
    kitchen: "Cuisine",
    desk: "Régie du match",
    describe: "Audiodescription",
    office: "Bureau",
    pin: "Mon code PIN",
  },
  texts: {
    gate: "Scanner les billets, en ligne ou hors ligne",
    control: "Incidents et main courante d’un événement",
    safety: "Signaler un incident, accepter une intervention",
    till: "Vendre, recharger les cartes et rembourser",
    kitchen: "Préparer et remettre les commandes",
    desk: "Publier les faits de match et les ralentis",
    describe: "Décrire les ralentis",
    office: "Événements, commandes, équipe et rapports",
    pin: "Pour les appareils aux portes et aux caisses",
  },
};
