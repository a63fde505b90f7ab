import type { moving as English } from "../../en/web/officeMoving";
import { plural } from "./common";

export const moving: typeof English = {
  title: "Passer à la version actuelle",
  lead: (venue) => `Cet événement utilise une version antérieure du plan (${venue}). Les billets gardent leur place si elle existe dans la version actuelle ; vous choisissez pour les autres.`,
  compare: "Comparer les versions du stade",
  current: (venue) => `Cet événement utilise la version actuelle du plan (${venue}). Il n’y a rien à changer.`,
  summary: "Effet du changement",
  kept: "Places inchangées",
  reseated: "Billets replacés",
  refunded: "Billets remboursés",
  amount: "Total des remboursements",
  releases: (count, shown) => (count === 1 ? "1 panier non payé contient une place supprimée. Il sera libéré." : `${shown} paniers non payés contiennent des places supprimées. Ils seront libérés.`),
  entrances: (count, shown) =>
    count === 1
      ? "1 billet garde sa place et change d’entrée. Son acheteur reçoit un e-mail ; un billet imprimé est à réimprimer."
      : `${shown} billets gardent leur place et changent d’entrée. Leurs acheteurs reçoivent un e-mail ; les billets imprimés sont à réimprimer.`,
  unaffected: "Tous les billets gardent leur place.",
  noSeats: "Aucune place libre ne convient",
  noSeatsText: "Tous les billets concernés seraient remboursés. Si vous mettez d’abord en vente d’autres places, au moins au même prix, elles seront proposées ici.",
  affected: (count, shown) => (count === 1 ? "1 billet concerné" : `${shown} billets concernés`),
  choose: "Les places proposées ne coûtent rien de plus. Les personnes qui ont réservé ensemble restent ensemble si possible.",
  reseatAll: "Replacer tous les billets",
  refundAll: "Tout rembourser",
  show: { label: "Afficher les billets", all: "Tous", reseated: "Replacés", refunded: "Remboursés", none: "Sans place" },
  search: "Chercher une commande ou une place",
  searchHint: "Numéro de commande, ou bloc, rang et place : 113 12 14",
  noMatch: "Aucun billet concerné ne correspond.",
  noSeat: "Aucune place",
  choiceOf: (seat) => `Nouvelle place ou remboursement pour ${seat}`,
  refund: (amount) => `Rembourser ${amount}`,
  reasons: {
    gone: "Place supprimée",
    features: "Équipement d’accessibilité absent",
    hospitality: "Plus en hospitalités",
    capacity: "Zone debout réduite",
    party: "Suit son accompagnant",
  },
  more: (count) => `Afficher ${count} commandes de plus`,
  shown: (count, all) => `${count} commandes sur ${all}`,
  act: "Changer de version",
  short: (reseated, refunded, amount) =>
    reseated + refunded === 0 ? "Aucun billet ne change" : `${plural(reseated, "nouvelle place", "nouvelles places")}, ${plural(refunded, "remboursement", "remboursements")}${refunded ? ` (${amount})` : ""}`,
  question: "Changer la version de cet événement ?",
  confirm: "Changer de version",
  people: (count, shown) => (count === 0 ? "Aucun billet ne change." : count === 1 ? "1 acheteur est concerné." : `${shown} acheteurs sont concernés.`),
  willReseat: (count, shown) => (count === 0 ? "Aucun billet n’est replacé" : count === 1 ? "1 billet reçoit une nouvelle place" : `${shown} billets reçoivent une nouvelle place`),
  willRefund: (count, shown, amount) => (count === 0 ? "Aucun billet n’est remboursé" : count === 1 ? `1 billet est remboursé : ${amount}` : `${shown} billets sont remboursés : ${amount}`),
  emailed: "Chacun reçoit un seul e-mail avec l’ancienne et la nouvelle place, ou le remboursement.",
  final: "Le changement est immédiat et définitif.",
  done: "L’événement utilise la nouvelle version",
  doneText: (reseated, refunded, amount) =>
    reseated + refunded === 0
      ? "Chaque billet garde sa place."
      : `${plural(reseated, "billet replacé", "billets replacés")}. ${refunded ? `${plural(refunded, "billet remboursé", "billets remboursés")} : ${amount}.` : "Aucun remboursement."}`,
  emails: (count, shown) => (count === 1 ? "1 acheteur reçoit un e-mail." : `${shown} acheteurs reçoivent un e-mail.`),
  released: (count, shown) => (count === 1 ? "1 panier non payé a été libéré." : `${shown} paniers non payés ont été libérés.`),
  prices: "Les blocs ajoutés par cette version seront en vente dès que vous aurez fixé leurs tarifs.",
  news: {
    moved: { title: "Une autre personne a déjà changé la version", text: "Vos choix n’ont pas été utilisés et rien n’a été fait deux fois. Si vous aviez déjà essayé et perdu la connexion, votre changement a peut-être abouti : les commandes indiquent les nouvelles places." },
    version: { title: "Le stade vient encore de changer", text: "La liste ci-dessous correspond à sa version la plus récente. Vérifiez-la avant de continuer." },
    sales: { title: "Des billets ont changé entre-temps", text: "Rien n’a été modifié. La liste ci-dessous tient compte des ventes et remboursements récents : vérifiez-la, puis recommencez." },
    taken: { title: "Une place choisie vient d’être vendue", text: "Rien n’a été modifié. D’autres places sont proposées ci-dessous : vérifiez-les, puis recommencez." },
  },
};
