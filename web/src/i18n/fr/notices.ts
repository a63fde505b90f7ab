/** Ce dont un supporter peut être averti. */
import type { Words } from "../en/notices";

export const notices: Words = {
  title: "Me prévenir sur mon téléphone",
  textClub: "Pour tous les matchs, même quand cette page est fermée. Rien tant que vous ne demandez rien.",
  textEvent: "Pour ce match, même quand cette page est fermée. Rien tant que vous ne demandez rien.",
  signIn: "Se connecter pour choisir",
  kinds: { goals: "Les buts", periods: "Coup d’envoi, mi-temps, fin du match", replays: "Les ralentis", ground: "Ma porte, et les buvettes près de ma place" },
  during: (kind: string): string => `${kind}, même pendant le jeu`,
  duringShort: "Même pendant le jeu",
  quiet: "Silence pendant le jeu",
  quietText: "Ce que vous n’avez pas demandé pendant le jeu attend : un seul message, à la mi-temps et à la fin, donne le score.",
  when: { inside: "Quand je suis au stade", always: "Où que je regarde", never: "Jamais" },
  asForClub: "Comme pour tous les matchs",
  own: "Vous avez choisi ceci pour ce match.",
  fromClub: "Comme vous l’avez choisi pour tous les matchs.",
  saved: "Enregistré",
  denied: "Votre navigateur ne permet pas de messages. Votre choix est gardé : autorisez-les dans ses réglages, ou utilisez un autre appareil.",
};
