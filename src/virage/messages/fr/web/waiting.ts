import type { waiting as English } from "../../en/web/waiting";
import { choose, plural } from "./common";

const people = (count: number): string => plural(count, "personne", "personnes");

export const waiting: typeof English = {
  title: "Liste d’attente",
  lead: "Rien ne vous convient ? Nous vous écrivons dès que des places se libèrent ou qu’un supporter met des billets en vente, dans l’ordre des inscriptions.",
  open: "S’inscrire sur la liste d’attente…",
  people: "Personnes",
  wheelchairs: "Emplacements fauteuil",
  companion: "Chacun avec une place d’accompagnateur",
  needs: "De quoi avez-vous besoin à vos places ?",
  categories: "Catégories",
  any: "Sans choix de votre part, vous êtes prévenu pour toutes les catégories.",
  consent: "J’accepte que ce besoin soit enregistré pour la liste d’attente. Il est effacé quand je quitte la liste ou à la fin des ventes.",
  consentMissing: "Nous avons besoin de votre accord pour enregistrer ce besoin.",
  join: "S’inscrire",
  save: "Enregistrer",
  joined: "Vous êtes sur la liste d’attente.",
  position: (position) => `Vous êtes numéro ${position} sur la liste`,
  wish: (count, wheelchairs) => (wheelchairs ? `${people(count)}, ${plural(wheelchairs, "emplacement fauteuil", "emplacements fauteuil")}` : people(count)),
  anywhere: "toutes les catégories",
  rule: "Les places ne sont pas réservées : le premier qui paie l’emporte. Après trois e-mails sans achat, vous sortez de la liste.",
  invited: (count) => choose(count, "Une place est disponible pour vous", "Des places sont disponibles pour vous"),
  invitedText: (until) => `Le premier qui paie l’emporte. Le supporter suivant sera prévenu le ${until}.`,
  choose: "Choisir mes places",
  change: "Modifier",
  leave: "Quitter la liste…",
  leaveTitle: "Quitter la liste d’attente ?",
  leaveText: "Vous perdez votre tour. Vous pourrez vous réinscrire en fin de liste.",
  stay: "Rester sur la liste",
  leaveConfirm: "Quitter la liste",
  left: "Vous avez quitté la liste d’attente.",
  signIn: "Connectez-vous pour vous inscrire",
  signInText: "Saisissez votre adresse e-mail : nous vous envoyons un code. C’est là que nous vous préviendrons.",
};
