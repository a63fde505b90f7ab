import type { emails as english } from "../../en/web/officeEmails";

export const emails: typeof english = {
  title: "E-mails",
  lead: "Les e-mails envoyés et leur statut de distribution. Leur texte n’est pas conservé.",
  none: "Aucun e-mail trouvé.",
  all: "Tous",
  filter: "État",
  more: "Afficher les précédents",
  order: "Commande",
  again: "renvoi",
  addressDeleted: "adresse supprimée",
  blockedTitle: "Adresses bloquées",
  blockedLead: "Le serveur de messagerie a signalé que ces adresses n’existent pas. Débloquez une adresse quand elle fonctionne à nouveau.",
  reason: (code, moment) => `${code}, ${moment}`,
  unblock: "Débloquer",
  unblockOf: (address) => `Débloquer ${address}`,
  unblockQuestion: "Débloquer cette adresse ?",
  unblockText: "Si elle n’existe toujours pas, le prochain e-mail sera rejeté et l’adresse de nouveau bloquée.",
  unblocked: "Adresse débloquée.",
};
