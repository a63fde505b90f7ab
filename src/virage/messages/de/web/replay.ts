import type { Words } from "../../en/web/replay";

export const replay: Words = {
  title: "Wiederholung",
  player: "Wiederholung",
  loading: "Wiederholung wird geladen …",
  failed: "Diese Wiederholung kann gerade nicht abgespielt werden.",
  missing: "Diese Wiederholung ist nicht verfügbar. Prüfen Sie den Link.",
  retry: "Erneut versuchen",
  captions: "Untertitel",
  audioDescription: "Audiodeskription",
  captionsShort: "UT",
  audioDescriptionShort: "AD",
  off: "Aus",
  share: "Teilen",
  shared: "Link kopiert",
  download: "Herunterladen",
  downloadDescribed: (language) => `Mit Audiodeskription herunterladen (${language})`,
  toMatch: "Zum Spiel",
  signIn: "Anmelden",
  /** Why the replay may not be watched, by refusal code. */
  refused: {
    replay_not_yet: "Diese Wiederholung ist noch nicht verfügbar.",
    gone: "Diese Wiederholung wurde entfernt.",
    replay_over: "Diese Wiederholung ist nicht mehr verfügbar.",
    replay_not_here: "Diese Wiederholung ist an Ihrem Standort nicht verfügbar.",
    replay_ticket_needed: "Diese Wiederholung ist für Fans mit Ticket für dieses Spiel. Melden Sie sich mit dem Konto an, in dem Ihr Ticket ist.",
    replay_inside_needed: "Diese Wiederholung ist für Fans mit Ticket im Stadion.",
  },
};
