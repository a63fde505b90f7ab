/** Texte der Einlassprognose in der Leitstelle. */
import type { Words } from "../../en/web/entryForecast";

export const entryForecast: Words = {
  title: "Einlassprognose",
  about: "Wann alle drin sind und wo gewartet wird: ein Modell der Ankünfte und Tore, aus den Tickets und den bisherigen Zählungen. Es hilft bei Entscheidungen und ist keine Zählung.",
  none: "Nicht gemessen: von der Öffnung bis eine Stunde nach Beginn, sobald ein Tor Personen gezählt hat.",
  late: (time) => `Verspätet: Diese Prognose beruht auf den Zählungen von ${time}.`,
  silent: (count) => (count === 1 ? "Ein Tor wird derzeit nicht gemessen: Seine letzte Zählung gilt weiter." : `${count} Tore werden derzeit nicht gemessen: Ihre letzten Zählungen gelten weiter.`),
  inside: "Jetzt drin",
  ofTickets: (tickets) => `von ${tickets} Tickets`,
  ahead: (time) => `Drin um ${time}`,
  coming: "Es kommen",
  allIn: "Alle drin",
  band: (low, high) => `95 %: ${low} bis ${high}`,
  by: (time) => `95 %: bis ${time}`,
  later: (time) => `95 %: nach ${time}`,
  now: "jetzt",
  after: (time) => `nach ${time}`,
  share: "„Alle“ sind 99 % der Personen, die kommen.",
  gates: "Warteschlangen in zehn Minuten",
  gate: "Tor",
  waiting: "Wartende in zehn Minuten",
  flow: "Eingänge/min",
  most: (people) => `95 %: höchstens ${people}`,
  will: (limit) => `mehr als ${limit}`,
  may: (limit) => `kann ${limit} übersteigen`,
  model: "ohne Zähler: nach dem Modell",
};
