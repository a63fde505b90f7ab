"""The test cards and what each of them does."""

import re
from enum import StrEnum


class Card(StrEnum):
    """What a test card does, by its number."""

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


CHALLENGE_CODE = "1234"
CODE_TRIES_MAX = 3

_SEPARATORS = re.compile(r"[\s-]+")
_GROUP = re.compile(r"(\d{4})(?=\d)")


def find(number: str) -> Card | None:
    """The card of a number, typed with or without spaces; None for any other."""
    try:
        return Card(_SEPARATORS.sub("", number))
    except ValueError:
        return None


def last_digits(card: Card) -> str:
    """As much of a card as anybody else may show."""
    return f"…{card.value[-4:]}"


def grouped(card: Card) -> str:
    """The number as it is printed on a card."""
    return _GROUP.sub(r"\1 ", card.value)
