/** Texts of match alerts (push notifications). */
import type { Words } from "../../en/web/notifications";

export const notifications: Words = {
  title: "Alertes du match",
  textClub: "Recevez une notification à chaque match, même quand cette page est fermée. Désactivé par défaut.",
  textEvent: "Recevez une notification même quand cette page est fermée. Désactivé par défaut.",
  signIn: "Se connecter pour régler les alertes",
  kinds: { goals: "Les buts", periods: "Coup d’envoi, mi-temps, fin du match", replays: "Les ralentis", ground: "Ma porte et les buvettes près de ma place" },
  during: (kind: string): string => `${kind}, même pendant le jeu`,
  duringShort: "Même pendant le jeu",
  quiet: "Silence pendant le jeu",
  quietText: "Les autres alertes sont regroupées en un seul résumé, à la mi-temps et à la fin du match.",
  when: { inside: "Quand je suis au stade", always: "Où que je sois", never: "Jamais" },
  useClub: "Utiliser mes réglages pour tous les matchs",
  forThisMatch: "Ces réglages ne s’appliquent qu’à ce match.",
  fromClub: "Vos réglages pour tous les matchs s’appliquent.",
  saved: "Enregistré",
  denied: "Les notifications sont bloquées dans ce navigateur. Votre choix est enregistré : autorisez les notifications dans les réglages du navigateur, ou utilisez un autre appareil.",
};
