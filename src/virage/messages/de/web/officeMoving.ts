import type { moving as English } from "../../en/web/officeMoving";
import { plural } from "./common";

export const moving: typeof English = {
  title: "Auf die aktuelle Version umstellen",
  lead: (venue) => `Diese Veranstaltung nutzt eine frühere Version von ${venue}. Tickets behalten ihren Platz, wenn es ihn in der aktuellen Version gibt; über die übrigen entscheiden Sie.`,
  compare: "Versionen des Stadions vergleichen",
  current: (venue) => `Diese Veranstaltung nutzt die aktuelle Version von ${venue}. Es gibt nichts umzustellen.`,
  summary: "Folgen der Umstellung",
  kept: "Unveränderte Plätze",
  reseated: "Tickets mit neuem Platz",
  refunded: "Erstattete Tickets",
  amount: "Erstattungen gesamt",
  releases: (count, shown) => (count === 1 ? "1 unbezahlter Warenkorb enthält einen Platz, den es nicht mehr gibt. Er wird freigegeben." : `${shown} unbezahlte Warenkörbe enthalten Plätze, die es nicht mehr gibt. Sie werden freigegeben.`),
  entrances: (count, shown) =>
    count === 1
      ? "1 Ticket behält seinen Platz und bekommt einen anderen Eingang. Der Käufer bekommt eine E-Mail; ein ausgedrucktes Ticket wird neu ausgedruckt."
      : `${shown} Tickets behalten ihren Platz und bekommen einen anderen Eingang. Die Käufer bekommen eine E-Mail; ausgedruckte Tickets werden neu ausgedruckt.`,
  unaffected: "Alle Tickets behalten ihren Platz.",
  noSeats: "Kein freier Platz ist geeignet",
  noSeatsText: "Alle betroffenen Tickets würden erstattet. Geben Sie zuerst weitere Plätze zum mindestens gleichen Preis in den Verkauf, werden sie hier vorgeschlagen.",
  affected: (count, shown) => (count === 1 ? "1 betroffenes Ticket" : `${shown} betroffene Tickets`),
  choose: "Vorgeschlagene Plätze kosten keinen Aufpreis. Wer zusammen gebucht hat, sitzt nach Möglichkeit weiter zusammen.",
  reseatAll: "Neue Plätze für alle",
  refundAll: "Alle erstatten",
  show: { label: "Tickets anzeigen", all: "Alle", reseated: "Neuer Platz", refunded: "Erstattung", none: "Ohne Platz" },
  search: "Bestellung oder Platz suchen",
  searchHint: "Bestellnummer oder Block, Reihe und Platz: 113 12 14",
  noMatch: "Kein betroffenes Ticket passt dazu.",
  noSeat: "Kein Platz gefunden",
  choiceOf: (seat) => `Neuer Platz oder Erstattung für ${seat}`,
  refund: (amount) => `${amount} erstatten`,
  reasons: {
    gone: "Platz entfällt",
    features: "Barrierefreie Ausstattung fehlt",
    hospitality: "Kein Hospitality-Platz mehr",
    capacity: "Stehplatzbereich ist kleiner",
    party: "Zieht mit der Begleitung um",
  },
  more: (count) => `${count} weitere Bestellungen anzeigen`,
  shown: (count, all) => `${count} von ${all} Bestellungen`,
  act: "Veranstaltung umstellen",
  short: (reseated, refunded, amount) =>
    reseated + refunded === 0 ? "Kein Ticket ändert sich" : `${plural(reseated, "neuer Platz", "neue Plätze")}, ${plural(refunded, "Erstattung", "Erstattungen")}${refunded ? ` (${amount})` : ""}`,
  question: "Diese Veranstaltung umstellen?",
  confirm: "Veranstaltung umstellen",
  people: (count, shown) => (count === 0 ? "Kein Ticket ändert sich." : count === 1 ? "1 Person ist betroffen." : `${shown} Personen sind betroffen.`),
  willReseat: (count, shown) => (count === 0 ? "Kein Ticket bekommt einen neuen Platz" : count === 1 ? "1 Ticket bekommt einen neuen Platz" : `${shown} Tickets bekommen neue Plätze`),
  willRefund: (count, shown, amount) => (count === 0 ? "Kein Ticket wird erstattet" : count === 1 ? `1 Ticket wird erstattet: ${amount}` : `${shown} Tickets werden erstattet: ${amount}`),
  emailed: "Alle Betroffenen bekommen je eine E-Mail mit dem alten und neuen Platz oder der Erstattung.",
  final: "Die Umstellung gilt sofort und kann nicht rückgängig gemacht werden.",
  done: "Die Veranstaltung ist umgestellt",
  doneText: (reseated, refunded, amount) =>
    reseated + refunded === 0
      ? "Jedes Ticket behält seinen Platz."
      : `${plural(reseated, "Ticket hat einen neuen Platz", "Tickets haben neue Plätze")}. ${refunded ? `${plural(refunded, "Ticket wird", "Tickets werden")} erstattet: ${amount}.` : "Nichts wird erstattet."}`,
  emails: (count, shown) => (count === 1 ? "1 E-Mail geht an die betroffene Person." : `${shown} E-Mails gehen an die Betroffenen.`),
  released: (count, shown) => (count === 1 ? "1 unbezahlter Warenkorb wurde freigegeben." : `${shown} unbezahlte Warenkörbe wurden freigegeben.`),
  prices: "Blöcke, die mit dieser Version neu sind, gehen in den Verkauf, sobald Sie ihre Preise festlegen.",
  news: {
    moved: { title: "Jemand anderes hat diese Veranstaltung umgestellt", text: "Ihre Auswahl wurde nicht verwendet, und nichts geschah doppelt. Falls Sie es schon einmal versucht und die Verbindung verloren haben, ist Ihre Umstellung vielleicht durchgegangen: Die Bestellungen zeigen die neuen Plätze." },
    version: { title: "Das Stadion wurde noch einmal geändert", text: "Die Liste unten gilt für die neueste Version. Prüfen Sie sie, bevor Sie fortfahren." },
    sales: { title: "Inzwischen haben sich Tickets geändert", text: "Nichts wurde umgestellt. Die Liste unten enthält neue Verkäufe und Erstattungen: Prüfen Sie sie und stellen Sie dann um." },
    taken: { title: "Ein gewählter Platz wurde gerade verkauft", text: "Nichts wurde umgestellt. Unten stehen andere Vorschläge: Prüfen Sie sie und stellen Sie dann um." },
  },
};
