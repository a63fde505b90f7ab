import type { missing as english } from "../en/missing";

/** Ce à quoi une adresse n’a pas mené, et que faire ensuite : chargé quand cela arrive. */
export const missing: typeof english = {
  page: { title: "Page introuvable", text: "Vérifiez l’adresse, ou repartez de l’affiche.", next: "Voir l’affiche" },
  event: { title: "Événement introuvable", text: "Il a peut-être été retiré, ou le lien est incomplet.", next: "Voir l’affiche" },
  match: { title: "Match introuvable", text: "Il a peut-être été retiré, ou le lien est incomplet.", next: "Voir l’affiche" },
  text: { title: "Texte introuvable", text: "Cette version n’existe pas. Vérifiez le lien.", next: "Voir l’affiche" },
  order: { title: "Commande introuvable", text: "Elle appartient peut-être à un autre compte. Connectez-vous avec l’adresse e-mail de l’achat, ou cherchez dans vos commandes.", next: "Mes commandes" },
  ticket: { title: "Billet introuvable", text: "Il appartient peut-être à un autre compte. Connectez-vous avec l’adresse e-mail de l’achat, ou cherchez dans vos billets.", next: "Mes billets" },
  food: { title: "Commande introuvable", text: "Elle appartient peut-être à un autre compte. Connectez-vous avec le compte qui a commandé, ou retrouvez vos commandes sous « Boire et manger ».", next: "Boire et manger" },
};
