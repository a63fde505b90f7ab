import type { Words } from "../en/describe";

export const describe: Words = {
  title: "Décrire un ralenti",
  lead: "Dites ce qu’il y a à voir, pour ceux qui ne le voient pas. Votre voix s’entend par-dessus le son du stade, qui baisse.",
  signIn: "Les audiodescripteurs se connectent.",
  noRole: "Vous n’êtes pas parmi les audiodescripteurs",
  noRoleText: "Un administrateur de la maison donne ce rôle.",
  language: "Langue",
  record: "Enregistrer pendant la lecture",
  stop: "Arrêter",
  recording: "Enregistrement en cours. La fin du ralenti y met fin.",
  noMicrophone: "Il n’y a pas de micro, ou il ne peut pas servir. Choisissez plutôt un fichier son.",
  file: "Ou choisissez un fichier son",
  listen: "Votre description",
  send: "Envoyer",
  sent: (language: string) => `La description est proposée dès maintenant, en ${language}.`,
  names: { fr: "français", en: "anglais" },
  reasons: {
    clip_growing: "Ce ralenti n’est pas encore fini. Réessayez dans quelques secondes.",
    description_unreadable: "Ce fichier n’est pas un son lisible.",
    description_empty: "On n’y entend presque rien.",
    description_too_long: "Elle est plus longue que le ralenti.",
    too_large: "Le fichier est trop lourd : 20 Mo au plus.",
    not_found: "Ce ralenti a été retiré, ou ce n’est pas à vous de le décrire.",
  },
};
