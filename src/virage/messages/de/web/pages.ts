import type { pages as English } from "../../en/web/pages";

export const pages: typeof English = {
  version: "Frühere Version",
  versionOf: (revision, on) => `Version ${revision}, ${on}`,
  notPublished: "Diese Seite ist noch nicht veröffentlicht.",
  accept: "Mit der Zahlung akzeptieren Sie unsere",
  noWithdrawal: "Die Tickets gelten für einen festen Termin, daher besteht gesetzlich kein Widerrufsrecht.",
  accepted: "Von Ihnen akzeptierte Verkaufsbedingungen",
};
