/** Texts around the messages of the control room. */
import type { Words } from "../../en/web/broadcast";

export const broadcast: Words = {
  title: "Nachrichten der Leitstelle",
  from: (time) => `Leitstelle, ${time}`,
  over: (headline) => `Beendet: ${headline}`,
  show: "Anzeigen",
  close: "Schließen",
  understood: "Ich habe das gelesen",
  offline: "Keine Verbindung: Vielleicht gibt es eine neuere Nachricht. Folgen Sie dem Personal und den Durchsagen.",
  offlineStaff: "Keine Verbindung: Vielleicht gibt es eine neuere Nachricht. Hören Sie den Funk ab.",
  modes: { actual: "", exercise: "ÜBUNG", test: "TEST" },
};
