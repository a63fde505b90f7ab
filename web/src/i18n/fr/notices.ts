/** Ce dont un supporter peut être averti. */
import type { Words } from "../en/notices";

export const notices: Words = {
  title: "Alertes du match",
  textClub: "Recevez une notification à chaque match, même quand cette page est fermée. Désactivé par défaut.",
  textEvent: "Recevez une notification même quand cette page est fermée. Désactivé par défaut.",
  signIn: "Se connecter pour choisir",
  kinds: { goals: "Les buts", periods: "Coup d’envoi, mi-temps, fin du match", replays: "Les ralentis", ground: "Ma porte, et les buvettes près de ma place" },
  during: (kind: string): string => `${kind}, même pendant le jeu`,
  duringShort: "Même pendant le jeu",
  quiet: "Silence pendant le jeu",
  quietText: "Les autres alertes attendent un seul résumé, à la mi-temps et à la fin du match.",
  when: { inside: "Quand je suis au stade", always: "Où que je regarde", never: "Jamais" },
  asForClub: "Comme pour tous les matchs",
  own: "Vous avez choisi ceci pour ce match.",
  fromClub: "Comme vous l’avez choisi pour tous les matchs.",
  saved: "Enregistré",
  denied: "Votre navigateur ne permet pas de messages. Votre choix est gardé : autorisez-les dans ses réglages, ou utilisez un autre appareil.",
};
