import type { Words } from "../en/replay";

export const replay: Words = {
  title: "Ralenti",
  player: "Ralenti",
  loading: "Le ralenti arrive.",
  failed: "Le ralenti ne peut pas être lu pour le moment.",
  missing: "Ce ralenti n’est pas disponible. Vérifiez le lien.",
  again: "Réessayer",
  captions: "Sous-titres",
  describes: "Audiodescription",
  off: "Non",
  languages: { fr: "Français", en: "English" },
  share: "Partager",
  shared: "Lien copié",
  download: "Télécharger",
  downloadDescribed: (language) => `Télécharger avec audiodescription (${language})`,
  toMatch: "Voir le match",
  signIn: "Se connecter",
  refused: {
    replay_not_yet: "Ce ralenti n’est pas encore visible.",
    gone: "Ce ralenti a été retiré.",
    replay_over: "Ce ralenti n’est plus visible.",
    replay_not_here: "Ce ralenti n’est pas visible là où vous êtes.",
    replay_ticket_needed: "Ce ralenti est réservé à ceux qui ont un billet du match. Connectez-vous avec le vôtre.",
    replay_inside_needed: "Ce ralenti est réservé à ceux qui sont dans le stade avec leur billet.",
  },
};
