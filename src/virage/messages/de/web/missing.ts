import type { missing as english } from "../../en/web/missing";

/** Messages for addresses that lead nowhere; fetched with the first of them. */
export const missing: typeof english = {
  page: { title: "Seite nicht gefunden", text: "Prüfen Sie die Adresse oder sehen Sie sich das Programm an.", next: "Zum Programm" },
  event: { title: "Veranstaltung nicht gefunden", text: "Sie wurde vielleicht entfernt, oder der Link ist unvollständig.", next: "Zum Programm" },
  match: { title: "Spiel nicht gefunden", text: "Es wurde vielleicht entfernt, oder der Link ist unvollständig.", next: "Zum Programm" },
  text: { title: "Seite nicht gefunden", text: "Diese Version gibt es nicht. Prüfen Sie den Link.", next: "Zum Programm" },
  order: { title: "Bestellung nicht gefunden", text: "Sie gehört vielleicht zu einem anderen Konto. Melden Sie sich mit der E-Mail-Adresse vom Kauf an oder sehen Sie in Ihren Bestellungen nach.", next: "Meine Bestellungen" },
  ticket: { title: "Ticket nicht gefunden", text: "Es gehört vielleicht zu einem anderen Konto. Melden Sie sich mit der E-Mail-Adresse vom Kauf an oder sehen Sie in Ihren Tickets nach.", next: "Meine Tickets" },
  transfer: { title: "Angebot nicht gefunden", text: "Der Link ist vielleicht unvollständig. Kam er per E-Mail, melden Sie sich mit dieser Adresse an.", next: "Meine Tickets" },
  food: { title: "Essensbestellung nicht gefunden", text: "Sie gehört vielleicht zu einem anderen Konto. Melden Sie sich mit dem Konto der Bestellung an oder sehen Sie in Ihren Bestellungen nach.", next: "Essen und Getränke" },
};
