import type { emails as english } from "../../en/web/officeEmails";

export const emails: typeof english = {
  title: "E-Mails",
  lead: "Gesendete E-Mails und ihr Zustellstatus. Der Text wird nicht gespeichert.",
  none: "Keine E-Mails gefunden.",
  all: "Alle",
  filter: "Status",
  more: "Ältere zeigen",
  order: "Bestellung",
  again: "erneut gesendet",
  addressDeleted: "Adresse gelöscht",
  blockedTitle: "Gesperrte Adressen",
  blockedLead: "Laut Mailserver gibt es diese Adressen nicht. Entsperren Sie eine Adresse, wenn sie wieder funktioniert.",
  reason: (code, moment) => `${code}, ${moment}`,
  unblock: "Entsperren",
  unblockOf: (address) => `${address} entsperren`,
  unblockQuestion: "Diese Adresse entsperren?",
  unblockText: "Gibt es sie weiterhin nicht, kommt die nächste E-Mail zurück und die Adresse wird wieder gesperrt.",
  unblocked: "Adresse entsperrt.",
};
