/** Texts of match alerts (push notifications). */
import type { Words } from "../../en/web/notifications";

export const notifications: Words = {
  title: "Spielalarme",
  textClub: "Benachrichtigungen zu jedem Spiel, auch wenn diese Seite geschlossen ist. Standardmäßig aus.",
  textEvent: "Benachrichtigungen, auch wenn diese Seite geschlossen ist. Standardmäßig aus.",
  signIn: "Anmelden, um Alarme einzustellen",
  kinds: { goals: "Tore", periods: "Anstoß, Halbzeit, Abpfiff", replays: "Wiederholungen", ground: "Mein Eingang und Kioske nahe meinem Platz" },
  during: (kind) => `${kind}, auch während des Spiels`,
  duringShort: "Auch während des Spiels",
  quiet: "Ruhe während des Spiels",
  quietText: "Andere Alarme kommen gesammelt zur Halbzeit und nach dem Abpfiff.",
  when: { inside: "Wenn ich im Stadion bin", always: "Egal, wo ich zuschaue", never: "Nie" },
  useClub: "Meine Einstellungen für alle Spiele verwenden",
  forThisMatch: "Diese Einstellungen gelten nur für dieses Spiel.",
  fromClub: "Es gelten Ihre Einstellungen für alle Spiele.",
  saved: "Gespeichert",
  denied: "Benachrichtigungen sind in diesem Browser blockiert. Ihre Auswahl ist gespeichert: Erlauben Sie sie in den Browsereinstellungen oder nehmen Sie ein anderes Gerät.",
};
