import type { officeRoles as English } from "../../en/web/officeRoles";

export const officeRoles: typeof English = {
  roles: {
    admin: "Administration",
    venue_manager: "Stadien",
    programme: "Programm",
    box_office: "Tageskasse",
    finance: "Finanzen",
    steward: "Ordner",
    supervisor: "Einsatzleitung",
    cashier: "Kasse",
    kitchen: "Küche",
    match_desk: "Spielredaktion",
    media_desk: "Bildredaktion",
    moderator: "Moderation",
    describer: "Audiodeskription",
  },
  roleHints: {
    admin: "Voller Zugriff, auch auf das Team",
    venue_manager: "Pläne der Stadien, Versionen und Sperrungen",
    programme: "Veranstaltungen und Preise",
    box_office: "Bestellungen und Erstattungen",
    finance: "Berichte und Bestellungen, Essenspreise, Bonus, Kartensperren, Pächter und Kassen",
    steward: "Scannt Tickets an den Eingängen",
    supervisor: "Leitet Eingänge: koppelt Geräte, überwacht den Einlass, hebt Abweisungen auf",
    cashier: "Verkauft an einem Kiosk",
    kitchen: "Bereitet Bestellungen zu und gibt sie aus",
    match_desk: "Veröffentlicht Spielereignisse",
    media_desk: "Schneidet und veröffentlicht Wiederholungen",
    moderator: "Gibt Wiederholungen frei, zieht sie zurück, legt fest, wer zusehen darf",
    describer: "Beschreibt Wiederholungen für blinde und sehbehinderte Fans",
  },
};
