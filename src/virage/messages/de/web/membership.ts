/** Texte der Mitgliedschaften und des Vorverkaufs für Mitglieder. */
import type { membership as English } from "../../en/web/membership";
import { plural } from "./common";

const tickets = (count: number): string => plural(count, "Ticket", "Tickets");

export const membership: typeof English = {
  title: "Mitgliedschaft",
  lead: "Mitglieder kaufen vor allen anderen. Ihre Mitgliedsnummer behalten Sie für immer.",
  mine: "Meine Mitgliedschaften",
  join: {
    title: "Mitglied werden",
    nextTitle: "Mitgliedschaften",
    term: (from, until) => `${from} – ${until}`,
    free: "Kostenlos",
    withVat: "inkl. MwSt.",
    perEvent: (count) => `Bis zu ${tickets(count)} je Veranstaltung im Vorverkauf für Mitglieder`,
    left: (count) => `Noch ${plural(count, "Platz", "Plätze")} für neue Mitglieder`,
    full: "Keine Plätze mehr für neue Mitglieder",
    button: (tier) => `Mitglied werden: ${tier}`,
    pay: (tier, price) => `Mitglied werden: ${tier}, ${price}`,
    signIn: "Anmelden und Mitglied werden",
    none: "Zurzeit wird keine Mitgliedschaft angeboten.",
    has: "Für diesen Zeitraum sind Sie bereits Mitglied.",
  },
  card: {
    number: "Mitgliedsnummer",
    until: (day) => `Gültig bis ${day}`,
    from: (day) => `Gültig ab ${day}`,
    name: "Mitglied",
    keeps: "Diese Nummer behalten Sie, wenn Sie verlängern.",
  },
  states: {
    over: (day) => `Beendet am ${day}`,
    cancelled: "Vom Verein beendet",
    failed: "Nicht bezahlt",
    refunded: (price) => `${price} erstattet`,
    returned: (price) => `${price} werden erstattet`,
  },
  paying: {
    title: "Zahlung abschließen",
    text: (tier, until) => `Ihr Platz (${tier}) ist bis ${until} reserviert.`,
    go: "Weiter zur Zahlung",
    checking: "Wir bestätigen Ihre Zahlung…",
    slow: "Das dauert länger als sonst. Sie können diese Seite verlassen: Wir schicken Ihnen eine E-Mail, sobald die Zahlung bestätigt ist.",
    failed: "Die Zahlung hat nicht geklappt. Es wurde nichts abgebucht.",
    done: (number) => `Willkommen! Sie sind Mitglied Nummer ${number}.`,
    returned: "Als Ihre Zahlung eintraf, war diese Mitgliedschaft nicht mehr verfügbar. Wir erstatten den Betrag.",
  },
  offline: "Sie sind offline. Das ist der letzte Stand Ihres Ausweises.",
  signInText: "Melden Sie sich an, um Ihren Mitgliedsausweis zu sehen.",
  early: {
    title: "Noch nicht im Verkauf",
    members: (moment) => `Mitglieder: ab ${moment}`,
    everyone: (moment) => `Für alle: ab ${moment}`,
    atMost: (count) => `bis zu ${tickets(count)}`,
    yours: (tier) => `Ihre Mitgliedschaft ${tier}`,
    opens: (moment, count) => `Ab ${moment} können Sie bis zu ${tickets(count)} kaufen.`,
    openTitle: "Als Mitglied können Sie jetzt kaufen",
    openText: (count, moment) => `Bis zu ${tickets(count)}, bevor der öffentliche Verkauf beginnt (${moment}).`,
    none: "Sie haben keine Mitgliedschaft für diesen Vorverkauf.",
    signIn: "Schon Mitglied? Anmelden",
    see: "Mitgliedschaften ansehen",
  },
};
