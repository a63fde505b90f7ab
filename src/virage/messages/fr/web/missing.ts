import type { missing as english } from "../../en/web/missing";

/** Messages des adresses introuvables ; chargés avec le premier d’entre eux. */
export const missing: typeof english = {
  page: { title: "Page introuvable", text: "Vérifiez l’adresse, ou repartez de l’affiche.", next: "Voir l’affiche" },
  event: { title: "Événement introuvable", text: "Il a peut-être été retiré, ou le lien est incomplet.", next: "Voir l’affiche" },
  match: { title: "Match introuvable", text: "Il a peut-être été retiré, ou le lien est incomplet.", next: "Voir l’affiche" },
  text: { title: "Page introuvable", text: "Cette version n’existe pas. Vérifiez le lien.", next: "Voir l’affiche" },
  order: { title: "Commande introuvable", text: "Elle appartient peut-être à un autre compte. Connectez-vous avec l’adresse e-mail de l’achat, ou consultez vos commandes.", next: "Mes commandes" },
  ticket: { title: "Billet introuvable", text: "Il appartient peut-être à un autre compte. Connectez-vous avec l’adresse e-mail de l’achat, ou consultez vos billets.", next: "Mes billets" },
  transfer: { title: "Offre introuvable", text: "Le lien est peut-être incomplet. Si vous l’avez reçu par e-mail, connectez-vous avec cette adresse.", next: "Mes billets" },
  food: { title: "Commande introuvable", text: "Elle appartient peut-être à un autre compte. Connectez-vous avec le compte qui a commandé, ou consultez vos commandes dans « Buvette ».", next: "Buvette" },
};
