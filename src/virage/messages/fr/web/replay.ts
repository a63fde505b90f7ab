import type { Words } from "../../en/web/replay";

export const replay: Words = {
  title: "Ralenti",
  player: "Ralenti",
  loading: "Chargement du ralenti…",
  failed: "Lecture impossible pour le moment.",
  missing: "Ce ralenti n’est pas disponible. Vérifiez le lien.",
  retry: "Réessayer",
  captions: "Sous-titres",
  audioDescription: "Audiodescription",
  captionsShort: "ST",
  audioDescriptionShort: "AD",
  off: "Désactivé",
  share: "Partager",
  shared: "Lien copié",
  download: "Télécharger",
  downloadDescribed: (language) => `Télécharger avec audiodescription (${language})`,
  toMatch: "Voir le match",
  signIn: "Se connecter",
  refused: {
    replay_not_yet: "Ce ralenti n’est pas encore disponible.",
    gone: "Ce ralenti a été supprimé.",
    replay_over: "Ce ralenti n’est plus disponible.",
    replay_not_here: "Ce ralenti n’est pas disponible là où vous êtes.",
    replay_ticket_needed: "Ce ralenti est réservé aux détenteurs d’un billet pour ce match. Connectez-vous avec le compte qui détient votre billet.",
    replay_inside_needed: "Ce ralenti est réservé aux détenteurs d’un billet présents dans le stade.",
  },
};
