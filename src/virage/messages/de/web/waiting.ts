import type { waiting as English } from "../../en/web/waiting";
import { choose, plural } from "./common";

const people = (count: number): string => plural(count, "Person", "Personen");

export const waiting: typeof English = {
  title: "Warteliste",
  lead: "Nichts Passendes dabei? Wir schreiben Ihnen, sobald Plätze frei werden oder ein Fan Tickets anbietet, in der Reihenfolge der Anmeldungen.",
  open: "Auf die Warteliste …",
  people: "Personen",
  wheelchairs: "Rollstuhlplätze",
  companion: "Jeweils mit Platz für eine Begleitung",
  needs: "Was brauchen Ihre Plätze?",
  categories: "Kategorien",
  any: "Ohne Auswahl benachrichtigen wir Sie für alle Kategorien.",
  consent: "Ich bin einverstanden, dass dieser Bedarf für die Warteliste gespeichert wird. Er wird gelöscht, wenn ich die Liste verlasse oder der Verkauf endet.",
  consentMissing: "Um diesen Bedarf zu speichern, brauchen wir Ihr Einverständnis.",
  join: "Eintragen",
  save: "Speichern",
  joined: "Sie stehen auf der Warteliste.",
  position: (position) => `Sie sind Nummer ${position} auf der Liste`,
  wish: (count, wheelchairs) => (wheelchairs ? `${people(count)}, ${plural(wheelchairs, "Rollstuhlplatz", "Rollstuhlplätze")}` : people(count)),
  anywhere: "alle Kategorien",
  rule: "Plätze sind nicht reserviert: Wer zuerst bezahlt, bekommt sie. Nach drei E-Mails ohne Kauf endet Ihr Eintrag.",
  invited: (count) => choose(count, "Es gibt einen Platz für Sie", "Es gibt Plätze für Sie"),
  invitedText: (until) => `Wer zuerst bezahlt, bekommt sie. Ab ${until} benachrichtigen wir den nächsten Fan.`,
  choose: "Plätze auswählen",
  change: "Ändern",
  leave: "Liste verlassen …",
  leaveTitle: "Warteliste verlassen?",
  leaveText: "Ihr Platz in der Reihenfolge geht verloren. Sie können sich am Ende wieder eintragen.",
  stay: "Auf der Liste bleiben",
  leaveConfirm: "Liste verlassen",
  left: "Sie haben die Warteliste verlassen.",
  signIn: "Zum Eintragen anmelden",
  signInText: "Geben Sie Ihre E-Mail-Adresse ein, wir schicken Ihnen einen Code. Dort benachrichtigen wir Sie auch.",
};
