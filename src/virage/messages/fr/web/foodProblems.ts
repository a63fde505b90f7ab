import type { foodProblems as english } from "../../en/web/foodProblems";

export const foodProblems: typeof english = {
  catalogue_incomplete: "Le brouillon est incomplet. Corrigez les articles signalés.",
  stock_short: "Le stock est insuffisant. Comptez-le d’abord.",
  alcohol_permits_used_up: "Les dix dérogations de cette année ont été utilisées.",
  id_taken: "Cette saisie existe déjà avec d’autres informations. Consultez la liste.",
  unsupported_media_type: "Seules les images JPEG, PNG et WebP sont acceptées.",
  picture_too_large: "L’image est trop grande : 300 ko et 2 000 pixels de côté maximum.",
  too_large: "L’image est trop grande : 300 ko et 2 000 pixels de côté maximum.",
  cards_off: "Ce stade n’est pas configuré pour les cartes sans contact.",
  code_wrong: "Aucune carte n’a ce code.",
  card_in_use: "La carte qui porte ce code est déjà utilisée. Prenez une carte neuve.",
  card_linked: "La carte qui porte ce code appartient déjà à quelqu’un.",
  card_blocked: "La carte qui porte ce code est bloquée.",
  terms_overlap: "Un autre contrat couvre déjà ce point de vente l’un de ces jours.",
  terms_in_force: "Ce contrat a commencé un jour clôturé. Seule sa date de fin peut changer, et pas avant le dernier jour clôturé.",
  concessionaire_in_use: "Un concessionnaire qui a des points de vente ne peut pas être supprimé. Mettez fin à ses contrats.",
  period_too_long: "Cette période est trop longue. Choisissez-en une plus courte.",
};
