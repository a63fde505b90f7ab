/** Textes de la prévision des entrées au poste de commandement. */
import type { Words } from "../../en/web/entryForecast";

export const entryForecast: Words = {
  title: "Prévision des entrées",
  about: "Quand tout le public sera entré et où il attendra : un modèle des arrivées et des portes, d’après les billets et les comptages. Il aide à décider et n’est pas un comptage.",
  none: "Non mesurée : de l’ouverture des portes jusqu’à une heure après le début, dès qu’une porte a compté des entrées.",
  late: (time) => `En retard : cette prévision repose sur les comptages de ${time}.`,
  silent: (count) => (count === 1 ? "Une porte n’est pas mesurée en ce moment : son dernier comptage est utilisé." : `${count} portes ne sont pas mesurées en ce moment : leurs derniers comptages sont utilisés.`),
  inside: "Entrées à présent",
  ofTickets: (tickets) => `sur ${tickets} billets`,
  ahead: (time) => `Entrées à ${time}`,
  coming: "Public attendu",
  allIn: "Tout le public entré",
  band: (low, high) => `95 % : de ${low} à ${high}`,
  by: (time) => `95 % : au plus tard à ${time}`,
  later: (time) => `95 % : après ${time}`,
  now: "à présent",
  after: (time) => `après ${time}`,
  share: "« Tout le public » désigne 99 % des personnes qui viennent.",
  gates: "Files dans dix minutes",
  gate: "Porte",
  waiting: "En attente dans dix minutes",
  flow: "Entrées/min",
  most: (people) => `95 % : ${people} au plus`,
  will: (limit) => `plus de ${limit}`,
  may: (limit) => `peut dépasser ${limit}`,
  model: "sans compteur : selon le modèle",
};
