"""Texts of the hosted payment pages by language."""
# ruff: noqa: RUF001 - French is written with its own apostrophe

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from virage_sandbox.cards import Card, Iban

Texts = dict[str, str]

_FORMATS = {"fr": "fr", "en": "en_GB", "de": "de"}

TEXTS: dict[str, Texts] = {
    "fr": {
        "bank": "Banque Sandbox",
        "test": "Page de test : aucune carte ni aucun argent réels",
        "title": "Paiement par carte",
        "pay_to": "Paiement à",
        "total": "Total à payer",
        "reference": "Référence",
        "card": "Numéro de carte",
        "card_hint": "Une des cartes de test ci-dessous",
        "expiry": "Expiration (MM/AA)",
        "cvc": "Cryptogramme",
        "pay": "Payer",
        "cancel": "Annuler et revenir à la boutique",
        "errors": "Corrigez ces champs",
        "error_prefix": "Erreur : ",
        "error_card": "Ce n’est pas une carte de test. Choisissez-en une dans la liste.",
        "error_expiry": "Saisissez le mois et l’année, par exemple 12/34.",
        "error_cvc": "Saisissez les 3 chiffres au dos de la carte.",
        "error_code": "Code incorrect. Réessayez.",
        "cards": "Cartes de test",
        "cards_hint": "Choisissez une carte pour remplir le formulaire.",
        "card_number": "Carte",
        "card_does": "Résultat",
        "challenge_title": "Confirmez votre identité",
        "challenge": "Saisissez le code envoyé par votre banque. Pour ce test, c’est 1234.",
        "code": "Code de confirmation",
        "confirm": "Confirmer",
        "captured_title": "Paiement accepté",
        "captured": "Votre paiement a été accepté.",
        "debit_title": "Prélèvement SEPA",
        "debit": "La banque paie quelques jours plus tard ; pour ce test, après 30 secondes.",
        "debit_pay": "Autoriser le prélèvement",
        "iban": "IBAN",
        "iban_hint": "Un des comptes de test ci-dessous",
        "error_iban": "Ce n’est pas un compte de test. Choisissez-en un dans la liste.",
        "processing_title": "Prélèvement autorisé",
        "processing": "Votre banque n’a pas encore payé. La boutique vous préviendra.",
        "declined_title": "Paiement refusé",
        "declined": "Votre banque a refusé ce paiement. Rien n’a été débité.",
        "cancelled_title": "Paiement annulé",
        "cancelled": "Ce paiement a été annulé. Rien n’a été débité.",
        "keep_title": "Enregistrer une carte",
        "keep_for": "Carte pour",
        "keep_consent": "Rien n’est débité maintenant. La boutique pourra débiter cette carte automatiquement, "
        "selon les montants que vous avez choisis, jusqu’à ce que vous désactiviez l’option.",
        "keep": "Enregistrer la carte",
        "keep_captured_title": "Carte enregistrée",
        "keep_captured": "La banque conserve cette carte. La boutique ne connaît pas son numéro.",
        "expired_title": "Paiement expiré",
        "expired": "Le délai de paiement est dépassé. Rien n’a été débité.",
        "missing_title": "Paiement introuvable",
        "missing": "Aucun paiement à cette adresse. Vérifiez le lien.",
        "back": "Revenir à la boutique",
        "language": "Français",
    },
    "en": {
        "bank": "Sandbox Bank",
        "test": "Test page: no real card, no real money",
        "title": "Card payment",
        "pay_to": "Payment to",
        "total": "Total to pay",
        "reference": "Reference",
        "card": "Card number",
        "card_hint": "One of the test cards below",
        "expiry": "Expiry (MM/YY)",
        "cvc": "Security code",
        "pay": "Pay",
        "cancel": "Cancel and return to the shop",
        "errors": "Please correct these fields",
        "error_prefix": "Error: ",
        "error_card": "This is not a test card. Choose one from the list.",
        "error_expiry": "Enter the month and year, for example 12/34.",
        "error_cvc": "Enter the 3 digits on the back of the card.",
        "error_code": "Incorrect code. Try again.",
        "cards": "Test cards",
        "cards_hint": "Choose a card to fill in the form.",
        "card_number": "Card",
        "card_does": "Result",
        "challenge_title": "Confirm it’s you",
        "challenge": "Enter the code sent by your bank. For this test, it is 1234.",
        "code": "Confirmation code",
        "confirm": "Confirm",
        "captured_title": "Payment accepted",
        "captured": "Your payment has been accepted.",
        "debit_title": "SEPA debit",
        "debit": "The bank pays some days later; for this test, after 30 seconds.",
        "debit_pay": "Authorise the debit",
        "iban": "IBAN",
        "iban_hint": "One of the test accounts below",
        "error_iban": "This is not a test account. Choose one from the list.",
        "processing_title": "Debit authorised",
        "processing": "Your bank has not paid yet. The shop will let you know.",
        "declined_title": "Payment declined",
        "declined": "Your bank declined this payment. You have not been charged.",
        "cancelled_title": "Payment cancelled",
        "cancelled": "This payment was cancelled. You have not been charged.",
        "keep_title": "Save a card",
        "keep_for": "Card for",
        "keep_consent": "Nothing is charged now. The shop may charge this card automatically, "
        "within the amounts you chose, until you turn this off.",
        "keep": "Save card",
        "keep_captured_title": "Card saved",
        "keep_captured": "The bank stores this card. The shop does not know its number.",
        "expired_title": "Payment timed out",
        "expired": "The payment timed out. You have not been charged.",
        "missing_title": "Payment not found",
        "missing": "There is no payment at this address. Check the link.",
        "back": "Return to the shop",
        "language": "English",
    },
    "de": {
        "bank": "Sandbox-Bank",
        "test": "Testseite: keine echte Karte, kein echtes Geld",
        "title": "Kartenzahlung",
        "pay_to": "Zahlung an",
        "total": "Zu zahlen",
        "reference": "Referenz",
        "card": "Kartennummer",
        "card_hint": "Eine der Testkarten unten",
        "expiry": "Gültig bis (MM/JJ)",
        "cvc": "Prüfziffer",
        "pay": "Bezahlen",
        "cancel": "Abbrechen und zurück zum Shop",
        "errors": "Korrigieren Sie diese Felder",
        "error_prefix": "Fehler: ",
        "error_card": "Das ist keine Testkarte. Wählen Sie eine aus der Liste.",
        "error_expiry": "Geben Sie Monat und Jahr ein, zum Beispiel 12/34.",
        "error_cvc": "Geben Sie die 3 Ziffern auf der Rückseite der Karte ein.",
        "error_code": "Falscher Code. Versuchen Sie es erneut.",
        "cards": "Testkarten",
        "cards_hint": "Wählen Sie eine Karte, um das Formular auszufüllen.",
        "card_number": "Karte",
        "card_does": "Ergebnis",
        "challenge_title": "Identität bestätigen",
        "challenge": "Geben Sie den Code ein, den Ihre Bank geschickt hat. Für diesen Test ist es 1234.",
        "code": "Bestätigungscode",
        "confirm": "Bestätigen",
        "captured_title": "Zahlung angenommen",
        "captured": "Ihre Zahlung wurde angenommen.",
        "debit_title": "SEPA-Lastschrift",
        "debit": "Die Bank zahlt einige Tage später, in diesem Test nach 30 Sekunden.",
        "debit_pay": "Lastschrift erlauben",
        "iban": "IBAN",
        "iban_hint": "Eines der Testkonten unten",
        "error_iban": "Das ist kein Testkonto. Wählen Sie eines aus der Liste.",
        "processing_title": "Lastschrift erlaubt",
        "processing": "Ihre Bank hat noch nicht gezahlt. Der Shop sagt Ihnen Bescheid.",
        "declined_title": "Zahlung abgelehnt",
        "declined": "Ihre Bank hat diese Zahlung abgelehnt. Es wurde nichts abgebucht.",
        "cancelled_title": "Zahlung abgebrochen",
        "cancelled": "Diese Zahlung wurde abgebrochen. Es wurde nichts abgebucht.",
        "keep_title": "Karte speichern",
        "keep_for": "Karte für",
        "keep_consent": "Jetzt wird nichts abgebucht. Der Shop darf diese Karte automatisch belasten, "
        "mit den Beträgen, die Sie gewählt haben, bis Sie es ausschalten.",
        "keep": "Karte speichern",
        "keep_captured_title": "Karte gespeichert",
        "keep_captured": "Die Bank speichert diese Karte. Der Shop kennt ihre Nummer nicht.",
        "expired_title": "Zeit abgelaufen",
        "expired": "Die Zeit zum Bezahlen ist abgelaufen. Es wurde nichts abgebucht.",
        "missing_title": "Zahlung nicht gefunden",
        "missing": "Unter dieser Adresse gibt es keine Zahlung. Prüfen Sie den Link.",
        "back": "Zurück zum Shop",
        "language": "Deutsch",
    },
}

CARDS: dict[Card, Texts] = {
    Card.ACCEPTED: {"fr": "Acceptée", "en": "Accepted", "de": "Angenommen"},
    Card.DECLINED: {"fr": "Refusée par la banque", "en": "Declined by the bank", "de": "Von der Bank abgelehnt"},
    Card.INSUFFICIENT: {
        "fr": "Refusée : provision insuffisante",
        "en": "Declined: insufficient funds",
        "de": "Abgelehnt: Konto nicht gedeckt",
    },
    Card.CHALLENGE: {
        "fr": "Demande un code de confirmation",
        "en": "Asks for a confirmation code",
        "de": "Verlangt einen Bestätigungscode",
    },
    Card.ANSWER_LOST: {
        "fr": "Acceptée, mais la réponse se perd",
        "en": "Accepted, but the response is lost",
        "de": "Angenommen, aber die Antwort geht verloren",
    },
    Card.WEBHOOK_LATE: {
        "fr": "Acceptée, webhook envoyé en retard",
        "en": "Accepted, webhook sent late",
        "de": "Angenommen, Webhook kommt verspätet",
    },
    Card.WEBHOOK_TWICE: {
        "fr": "Acceptée, webhook envoyé deux fois",
        "en": "Accepted, webhook sent twice",
        "de": "Angenommen, Webhook kommt doppelt",
    },
    Card.WEBHOOK_NEVER: {
        "fr": "Acceptée, aucun webhook envoyé",
        "en": "Accepted, webhook never sent",
        "de": "Angenommen, kein Webhook",
    },
    Card.REFUND_FAILS_FIRST: {
        "fr": "Acceptée, le premier remboursement échoue",
        "en": "Accepted, its first refund fails",
        "de": "Angenommen, die erste Erstattung schlägt fehl",
    },
    Card.AMOUNT_WRONG: {
        "fr": "Acceptée, débit inférieur d’un centime",
        "en": "Accepted, charged one cent too little",
        "de": "Angenommen, ein Cent zu wenig abgebucht",
    },
    Card.CHARGE_DECLINED: {
        "fr": "Enregistrée, puis tout débit est refusé",
        "en": "Saved, then every charge is declined",
        "de": "Gespeichert, danach wird jede Abbuchung abgelehnt",
    },
    Card.DISPUTED: {
        "fr": "Acceptée, puis contestée par le titulaire",
        "en": "Accepted, then disputed by the cardholder",
        "de": "Angenommen, danach vom Inhaber angefochten",
    },
}


IBANS: dict[Iban, Texts] = {
    Iban.PAYS: {
        "fr": "Prélèvement payé plus tard",
        "en": "Debit that the bank pays later",
        "de": "Lastschrift, die später bezahlt wird",
    },
    Iban.REFUSES: {
        "fr": "Prélèvement refusé plus tard : provision insuffisante",
        "en": "Debit refused later: insufficient funds",
        "de": "Lastschrift, die später abgelehnt wird: Konto nicht gedeckt",
    },
}


def language(query: str, accept_language: str) -> str:
    """Return the language of the query, else the preferred one of the browser, else English."""
    if query in TEXTS:
        return query
    best, best_quality = "en", 0.0
    for part in accept_language.lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        code = tag.split("-")[0]
        weight = _quality(quality)
        if code in TEXTS and weight > best_quality:
            best, best_quality = code, weight
    return best


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def money(cents: int, currency: str, lang: str) -> str:
    """Return an amount, formatted for the language."""
    amount = Decimal(cents).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=_FORMATS[lang])
