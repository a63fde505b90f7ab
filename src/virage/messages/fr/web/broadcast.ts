/** Texts around the messages of the control room. */
import type { Words } from "../../en/web/broadcast";

export const broadcast: Words = {
  title: "Messages du poste de commandement",
  from: (time) => `Poste de commandement, ${time}`,
  over: (headline) => `Terminé : ${headline}`,
  show: "Afficher",
  close: "Fermer",
  understood: "J’ai lu ce message",
  offline: "Pas de réseau : un message plus récent existe peut-être. Suivez le personnel et les annonces.",
  offlineStaff: "Pas de réseau : un message plus récent existe peut-être. Écoutez la radio.",
  modes: { actual: "", exercise: "EXERCICE", test: "TEST" },
};
