import type { emails as english } from "../../en/web/emails";

export const emails: typeof english = {
  title: "E-Mails",
  kinds: {
    sign_in_code: "Anmeldecode",
    open_sign_in_code: "Anmeldecode",
    phone_code: "Code für den Handywechsel",
    invitation: "Einladung",
    account_erased: "Konto gelöscht",
    order_paid: "Bestätigung und Rechnung",
    refund: "Erstattung",
    double_payment: "Doppelte Zahlung erstattet",
    late_payment: "Verspätete Zahlung erstattet",
    event_cancelled: "Veranstaltung abgesagt",
    event_moved: "Neuer Termin",
    food_receipt: "Beleg",
    top_up_off: "Automatisches Aufladen beendet",
  },
  states: {
    queued: "Wird gesendet",
    sent: "Gesendet",
    delivered: "Zugestellt",
    bounced: "Nicht zugestellt",
  },
  to: (address) => `an ${address}`,
  bounced: "Die E-Mail konnte nicht zugestellt werden. Prüfen Sie Ihre E-Mail-Adresse oder schreiben Sie uns.",
  resend: "Erneut senden",
  resendOf: (kind) => `Erneut senden: ${kind}`,
  resent: "Wir senden sie erneut.",
  soon: "Wir haben sie gerade gesendet. Sehen Sie im Spam-Ordner nach oder versuchen Sie es später.",
  receipt: "Rechnung per E-Mail senden",
  receiptAsked: "Wir senden Ihnen die Rechnung per E-Mail.",
};
