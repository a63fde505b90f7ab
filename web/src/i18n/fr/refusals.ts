/** Refus que peu de gens rencontrent : chargés avec le premier d’entre eux. */
export const refusals: Record<string, string> = {
  // places et commandes
  category_unknown: "Cette catégorie n’est plus en vente. Rechargez la page et choisissez à nouveau.",
  block_unknown: "Ce bloc n’est pas en vente pour cet événement. Rechargez la page et choisissez à nouveau.",
  area_unknown: "Cette zone debout n’est pas en vente pour cet événement. Rechargez la page et choisissez à nouveau.",
  payment_failed: "La banque n’a pas accepté ce paiement. Rien n’a été débité. Réessayez, ou utilisez une autre carte.",
  prices_sold_places: "Des billets sont déjà vendus à ces places. Vérifiez ce qui change pour eux, puis publiez à nouveau.",
  tickets_not_named: "Les billets de cet événement ne sont pas nominatifs.",
  paper_not_accepted: "Les billets papier ne sont pas acceptés à cet événement. Utilisez le billet dans l’application.",
  place_needs_access: "Un emplacement fauteuil demande un billet au tarif PMR.",
  // billets
  pass_already_entered: "Quelqu’un est déjà entré avec ce billet. Il ne peut plus être déplacé.",
  pass_bound_to_another_phone: "Ce billet est sur un autre téléphone. Déplacez-le d’abord ici.",
  pass_expired: "L’événement est terminé, ce billet n’est plus valable.",
  pass_not_bound: "Ce billet n’est encore sur aucun téléphone. Ouvrez-le sur celui que vous apporterez.",
  pass_not_open_yet: "Le code d’entrée n’est pas encore disponible. Revenez plus près de l’événement.",
  pass_printed: "Ce billet a été imprimé. Remettez-le sur un téléphone, ou apportez le papier.",
  pass_rebinds_used_up: "Ce billet ne peut plus changer de téléphone. Adressez-vous à la billetterie.",
  pass_revoked: "Ce billet a été remboursé ou remplacé. Il n’ouvre plus aucune porte.",
  // restauration, ralentis, comptes
  no_way: "Aucun chemin n’y mène pour le moment.",
  replay_download_not_allowed: "Ce ralenti ne peut pas être téléchargé.",
  pin_trivial: "Ce code PIN est trop facile à deviner. Choisissez-en un autre.",
  has_upcoming_tickets: "Vous avez encore des billets pour des événements à venir.",
  purse_not_empty: "Il reste dans votre cagnotte de l’argent qui ne peut pas revenir sur une carte. Retirez-le à un guichet cartes, puis supprimez votre compte.",
  own_purse: "Vous ne pouvez pas offrir un bonus à votre propre porte-monnaie. Demandez à un collègue.",
  amount_invalid: "Ce montant n’est pas possible. Vérifiez-le et réessayez.",
  // demandes mal faites par l’application, ou répétées avec d’autres détails
  cross_site: "Votre navigateur n’a pas dit d’où venait cette demande. Rechargez la page et réessayez.",
  unprocessable: "L’application a envoyé une demande que le serveur ne peut pas utiliser. Rechargez la page et réessayez.",
  id_reused: "Cette demande a déjà été envoyée avec d’autres détails. Rechargez la page et vérifiez avant de réessayer.",
  gift_id_taken: "Cette demande a déjà été envoyée avec d’autres détails. Rechargez la page et vérifiez avant de réessayer.",
  top_up_id_taken: "Cette demande a déjà été envoyée avec d’autres détails. Rechargez la page et vérifiez avant de réessayer.",
};
