/** Textes des adhésions et des ventes réservées aux adhérents. */
import type { membership as English } from "../../en/web/membership";
import { plural } from "./common";

const tickets = (count: number): string => plural(count, "billet", "billets");

export const membership: typeof English = {
  title: "Adhésion",
  lead: "Les adhérents achètent avant tout le monde. Votre numéro d’adhérent est à vous pour toujours.",
  mine: "Mes adhésions",
  join: {
    title: "Devenir adhérent",
    nextTitle: "Adhésions",
    term: (from, until) => `${from} – ${until}`,
    free: "Gratuit",
    withVat: "TTC",
    perEvent: (count) => `Jusqu’à ${tickets(count)} par événement pendant les ventes aux adhérents`,
    left: (count) => `${plural(count, "place restante", "places restantes")} pour les nouveaux adhérents`,
    full: "Plus de place pour les nouveaux adhérents",
    button: (tier) => `Adhérer : ${tier}`,
    pay: (tier, price) => `Adhérer : ${tier}, ${price}`,
    signIn: "Se connecter pour adhérer",
    none: "Aucune adhésion n’est ouverte pour le moment.",
    has: "Vous êtes adhérent pour cette période.",
  },
  card: {
    number: "Numéro d’adhérent",
    until: (day) => `Valable jusqu’au ${day}`,
    from: (day) => `Valable à partir du ${day}`,
    name: "Adhérent",
    keeps: "Vous gardez ce numéro à chaque renouvellement.",
  },
  states: {
    over: (day) => `Terminée le ${day}`,
    cancelled: "Résiliée par le club",
    failed: "Non payée",
    refunded: (price) => `${price} remboursés`,
    returned: (price) => `${price} en cours de remboursement`,
  },
  paying: {
    title: "Terminez votre paiement",
    text: (tier, until) => `Votre place (${tier}) est gardée jusqu’à ${until}.`,
    go: "Aller au paiement",
    checking: "Nous confirmons votre paiement…",
    slow: "C’est plus long que d’habitude. Vous pouvez quitter cette page : vous recevrez un e-mail dès la confirmation.",
    failed: "Le paiement n’a pas abouti. Vous n’avez pas été débité.",
    done: (number) => `Bienvenue ! Vous êtes l’adhérent n° ${number}.`,
    returned: "Votre paiement est arrivé alors que cette adhésion n’était plus disponible. Nous vous remboursons.",
  },
  offline: "Vous êtes hors connexion. Voici votre carte à sa dernière mise à jour.",
  signInText: "Connectez-vous pour voir votre carte d’adhérent.",
  early: {
    title: "Pas encore en vente",
    members: (moment) => `Adhérents : à partir du ${moment}`,
    everyone: (moment) => `Tout le monde : à partir du ${moment}`,
    atMost: (count) => `jusqu’à ${tickets(count)}`,
    yours: (tier) => `Votre adhésion ${tier}`,
    opens: (moment, count) => `Vous pourrez acheter jusqu’à ${tickets(count)} à partir du ${moment}.`,
    openTitle: "Vous pouvez acheter dès maintenant",
    openText: (count, moment) => `En tant qu’adhérent, jusqu’à ${tickets(count)} avant la vente au public, le ${moment}.`,
    none: "Vous n’avez pas d’adhésion qui donne accès à cette vente.",
    signIn: "Déjà adhérent ? Se connecter",
    see: "Voir les adhésions",
  },
};
