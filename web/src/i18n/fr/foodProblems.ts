import type { foodProblems as english } from "../en/foodProblems";

export const foodProblems: typeof english = {
  catalogue_incomplete: "Le brouillon n’est pas complet : voyez ce qui est signalé.",
  stock_short: "Il y en a moins que cela. Comptez d’abord.",
  derogations_of_year_used: "Les dix dérogations de cette année sont utilisées.",
  id_taken: "Cela est déjà saisi, avec d’autres mots. Regardez la liste.",
  unsupported_media_type: "Seules les images JPEG, PNG et WebP sont acceptées.",
  picture_too_large: "L’image est trop grande : au plus 300 ko et 2 000 pixels de côté.",
  too_large: "L’image est trop grande : au plus 300 ko et 2 000 pixels de côté.",
  cards_off: "Ce stade n’a pas de clé pour les cartes sans contact.",
  code_wrong: "Aucune carte ne porte ce code.",
  card_in_use: "La carte qui porte ce code est utilisée : seule une carte neuve peut en remplacer une autre.",
  card_linked: "La carte qui porte ce code appartient déjà à quelqu’un.",
  card_blocked: "La carte qui porte ce code est bloquée.",
  terms_overlap: "Quelqu’un exploite déjà ce point de vente l’un de ces jours.",
  terms_in_force: "Ces conditions ont commencé un jour déjà clôturé : seule leur fin peut changer, et pas avant le dernier jour clôturé.",
  concessionaire_in_use: "Un concessionnaire qui a des points de vente ne peut pas être retiré. Mettez fin à ses conditions.",
  period_too_long: "Cette période est trop longue. Choisissez-en une plus courte.",
};
