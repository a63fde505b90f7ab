import type { emails as english } from "../en/officeEmails";

export const emails: typeof english = {
  title: "E-mails",
  lead: "Ce qui est parti par e-mail et ce qu’il en est advenu. Les textes ne sont pas conservés.",
  none: "Aucun e-mail ici.",
  all: "Tous",
  filter: "État",
  more: "Afficher les précédents",
  order: "Commande",
  again: "renvoi",
  forgotten: "adresse effacée",
  blockedTitle: "Adresses auxquelles nous n’écrivons plus",
  blockedLead: "Leur serveur a répondu qu’elles n’existent pas. Libérez une adresse quand son titulaire l’a rétablie.",
  reason: (code, moment) => `${code}, ${moment}`,
  free: "Libérer",
  freeOf: (address) => `Libérer ${address}`,
  freeQuestion: "Écrire de nouveau à cette adresse ?",
  freeText: "Si elle n’existe toujours pas, le prochain e-mail revient et l’adresse reprend sa place ici.",
  freed: "Nous écrivons de nouveau à cette adresse.",
};
