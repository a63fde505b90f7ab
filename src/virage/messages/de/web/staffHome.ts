import type { staffHome as English } from "../../en/web/staffHome";

export const staffHome: typeof English = {
  title: "Ihr Arbeitsbereich",
  lead: "Für das Team. Melden Sie sich mit Ihrem Dienstkonto an.",
  noRole: (email) => `Sie sind als ${email} angemeldet. Dieses Konto hat keine Rolle im Team. Bitten Sie die Administration, diese Adresse einzuladen.`,
  other: "Anderes Konto verwenden",
  as: (email) => `Angemeldet als ${email}`,
  screens: {
    gate: "Einlass",
    control: "Leitstelle",
    safety: "Melden und Einsätze",
    till: "Kasse",
    kitchen: "Küche",
    desk: "Spielredaktion",
    describe: "Audiodeskription",
    office: "Büro",
    pin: "Meine PIN",
  },
  texts: {
    gate: "Tickets scannen, online oder offline",
    control: "Vorfälle und Protokoll einer Veranstaltung",
    safety: "Vorfälle melden, Einsätze annehmen",
    till: "Verkaufen, Karten aufladen, erstatten",
    kitchen: "Bestellungen zubereiten und ausgeben",
    desk: "Spielereignisse und Wiederholungen veröffentlichen",
    describe: "Wiederholungen beschreiben",
    office: "Veranstaltungen, Bestellungen, Team und Berichte",
    pin: "Für Geräte an Eingängen und Kassen",
  },
};
