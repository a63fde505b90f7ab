"""The words of the hosted pages, in French and in English."""
# ruff: noqa: RUF001 - French is written with its own apostrophe

from virage_sandbox.cards import Card

Texts = dict[str, str]

TEXTS: dict[str, Texts] = {
    "fr": {
        "bank": "Banque Sandbox",
        "test": "Page d’essai : aucune carte réelle, aucun argent réel",
        "title": "Paiement par carte",
        "pay_to": "Paiement à",
        "total": "Total à payer",
        "reference": "Référence",
        "card": "Numéro de carte",
        "card_hint": "Une des cartes d’essai ci-dessous",
        "expiry": "Expiration (MM/AA)",
        "cvc": "Cryptogramme",
        "pay": "Payer",
        "cancel": "Annuler et revenir à la boutique",
        "errors": "À corriger",
        "error_prefix": "Erreur : ",
        "error_card": "Ce n’est pas une carte d’essai. Choisissez-en une dans la liste.",
        "error_expiry": "Indiquez le mois et l’année, par exemple 12/34.",
        "error_cvc": "Indiquez les trois chiffres au dos de la carte.",
        "error_code": "Ce code n’est pas le bon.",
        "cards": "Cartes d’essai",
        "cards_hint": "Choisissez une carte pour remplir le formulaire.",
        "card_number": "Carte",
        "card_does": "Ce qu’elle fait",
        "challenge_title": "Confirmez votre identité",
        "challenge": "Votre banque vous a envoyé un code. Pour l’essai, c’est 1234.",
        "code": "Code de confirmation",
        "confirm": "Confirmer",
        "captured_title": "Paiement accepté",
        "captured": "La banque a accepté ce paiement.",
        "declined_title": "Paiement refusé",
        "declined": "La banque a refusé ce paiement. Rien n’a été débité.",
        "cancelled_title": "Paiement annulé",
        "cancelled": "Ce paiement a été annulé. Rien n’a été débité.",
        "keep_title": "Enregistrer une carte",
        "keep_for": "Carte pour",
        "keep_consent": "Rien n’est débité maintenant. La boutique pourra débiter cette carte sans vous, "
        "selon la règle que vous avez fixée, jusqu’à ce que vous y mettiez fin.",
        "keep": "Enregistrer la carte",
        "keep_captured_title": "Carte enregistrée",
        "keep_captured": "La banque garde cette carte. La boutique n’en connaît pas le numéro.",
        "expired_title": "Paiement expiré",
        "expired": "Le délai est passé. Rien n’a été débité.",
        "missing_title": "Paiement introuvable",
        "missing": "Cette adresse ne mène à aucun paiement.",
        "back": "Revenir à la boutique",
        "language": "English",
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
        "errors": "Please correct",
        "error_prefix": "Error: ",
        "error_card": "This is not a test card. Choose one from the list.",
        "error_expiry": "Enter the month and the year, for example 12/34.",
        "error_cvc": "Enter the three digits on the back of the card.",
        "error_code": "This is not the right code.",
        "cards": "Test cards",
        "cards_hint": "Choose a card to fill in the form.",
        "card_number": "Card",
        "card_does": "What it does",
        "challenge_title": "Confirm that it is you",
        "challenge": "Your bank has sent you a code. For this test it is 1234.",
        "code": "Confirmation code",
        "confirm": "Confirm",
        "captured_title": "Payment accepted",
        "captured": "The bank has accepted this payment.",
        "declined_title": "Payment declined",
        "declined": "The bank has declined this payment. Nothing was charged.",
        "cancelled_title": "Payment cancelled",
        "cancelled": "This payment was cancelled. Nothing was charged.",
        "keep_title": "Save a card",
        "keep_for": "Card for",
        "keep_consent": "Nothing is charged now. The shop may charge this card without you, by the rule that you set, "
        "until you end it.",
        "keep": "Save the card",
        "keep_captured_title": "Card saved",
        "keep_captured": "The bank keeps this card. The shop does not know its number.",
        "expired_title": "Payment expired",
        "expired": "The time is over. Nothing was charged.",
        "missing_title": "Payment not found",
        "missing": "This address leads to no payment.",
        "back": "Return to the shop",
        "language": "Français",
    },
}

CARDS: dict[Card, Texts] = {
    Card.ACCEPTED: {"fr": "Acceptée", "en": "Accepted"},
    Card.DECLINED: {"fr": "Refusée par la banque", "en": "Declined by the bank"},
    Card.INSUFFICIENT: {"fr": "Refusée : provision insuffisante", "en": "Declined: insufficient funds"},
    Card.CHALLENGE: {"fr": "Demande un code de confirmation", "en": "Asks for a confirmation code"},
    Card.ANSWER_LOST: {
        "fr": "Acceptée, mais la réponse se perd en route",
        "en": "Accepted, but the answer is lost on its way",
    },
    Card.WEBHOOK_LATE: {
        "fr": "Acceptée, la boutique l’apprend en retard",
        "en": "Accepted, the shop is told late",
    },
    Card.WEBHOOK_TWICE: {
        "fr": "Acceptée, la boutique l’apprend deux fois",
        "en": "Accepted, the shop is told twice",
    },
    Card.WEBHOOK_NEVER: {
        "fr": "Acceptée, la boutique n’est pas prévenue",
        "en": "Accepted, the shop is never told",
    },
    Card.REFUND_FAILS_FIRST: {
        "fr": "Acceptée, le premier remboursement échoue",
        "en": "Accepted, its first refund fails",
    },
    Card.AMOUNT_WRONG: {
        "fr": "Acceptée, un centime de moins est débité",
        "en": "Accepted, one cent too little is charged",
    },
    Card.CHARGE_DECLINED: {
        "fr": "Se laisse enregistrer, puis tout débit est refusé",
        "en": "Can be saved, then every charge is declined",
    },
}


def language(query: str, accept_language: str) -> str:
    """`fr` or `en`: what the address asks for, else what the browser prefers."""
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


def money(cents: int, lang: str) -> str:
    """An amount in euros as the language writes it."""
    euros, rest = divmod(cents, 100)
    if lang == "fr":
        grouped = f"{euros:,}".replace(",", "\u202f")
        return f"{grouped},{rest:02d}\u00a0€"
    return f"€{euros:,}.{rest:02d}"
