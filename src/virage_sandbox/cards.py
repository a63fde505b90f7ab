"""The test cards and test accounts, and their behaviour."""

import hashlib
import re
from enum import StrEnum


class Card(StrEnum):
    """Behaviour of a test card, by its number."""

    ACCEPTED = "4242424242424242"
    DECLINED = "4000000000000002"
    INSUFFICIENT = "4000000000009995"
    CHALLENGE = "4000000000003220"
    ANSWER_LOST = "4000000000000101"
    WEBHOOK_LATE = "4000000000000309"
    WEBHOOK_TWICE = "4000000000000200"
    WEBHOOK_NEVER = "4000000000000408"
    REFUND_FAILS_FIRST = "4000000000005126"
    AMOUNT_WRONG = "4000000000000507"
    CHARGE_DECLINED = "4000000000000341"
    DISPUTED = "4000000000000259"


class Iban(StrEnum):
    """Behaviour of a test account, by its IBAN: its bank pays a debit later, or refuses it."""

    PAYS = "FR1420041010050500013M02606"
    REFUSES = "FR8420041010050500013M02607"


CHALLENGE_CODE = "1234"
CODE_TRIES_MAX = 3

_SEPARATORS = re.compile(r"[\s-]+")
_GROUP = re.compile(r"(\w{4})(?=\w)")


def find(number: str) -> Card | None:
    """Return the card of a number, with or without spaces; None for an unknown one."""
    try:
        return Card(_SEPARATORS.sub("", number))
    except ValueError:
        return None


def find_iban(number: str) -> Iban | None:
    """Return the account of an IBAN, with or without spaces; None for an unknown one."""
    try:
        return Iban(_SEPARATORS.sub("", number).upper())
    except ValueError:
        return None


def last_digits(card: Card) -> str:
    """Return the part of a card number that may be shown."""
    return f"…{card.value[-4:]}"


def fingerprint(card: Card) -> str:
    """Return what stands for a card number in answers to the merchant."""
    return f"card_{hashlib.sha256(card.value.encode()).hexdigest()[:16]}"


def grouped(number: Card | Iban) -> str:
    """Return the number in groups of four."""
    return _GROUP.sub(r"\1 ", number.value)
