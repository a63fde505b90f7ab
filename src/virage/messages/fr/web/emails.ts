import type { emails as english } from "../../en/web/emails";

export const emails: typeof english = {
  title: "E-mails",
  kinds: {
    sign_in_code: "Code de connexion",
    open_sign_in_code: "Code de connexion",
    phone_code: "Code pour changer de téléphone",
    invitation: "Invitation",
    account_erased: "Compte supprimé",
    order_paid: "Confirmation et reçu",
    refund: "Remboursement",
    double_payment: "Paiement en double remboursé",
    late_payment: "Paiement tardif remboursé",
    event_cancelled: "Événement annulé",
    event_moved: "Nouvel horaire",
    food_receipt: "Reçu",
    top_up_off: "Rechargement automatique arrêté",
  },
  states: {
    queued: "Envoi en cours",
    sent: "Envoyé",
    delivered: "Distribué",
    bounced: "Non distribué",
  },
  to: (address) => `à ${address}`,
  bounced: "Nous n’avons pas pu le distribuer. Vérifiez votre adresse e-mail ou contactez-nous.",
  resend: "Renvoyer",
  resendOf: (kind) => `Renvoyer : ${kind}`,
  resent: "Nous le renvoyons.",
  soon: "Nous venons de l’envoyer. Vérifiez les courriers indésirables ou réessayez plus tard.",
  receipt: "Recevoir le reçu par e-mail",
  receiptAsked: "Nous envoyons le reçu à votre adresse e-mail.",
};
