"""Simulated card readers. A reader has no state of its own: its reference says how it behaves."""

from enum import StrEnum
from typing import Final


class Behaviour(StrEnum):
    """Behaviour of a reader, by the code that it is registered with."""

    APPROVES = "simulated-wpe"  # takes a card by itself after some seconds
    WAITS = "simulated-waiting"  # waits until a card is presented
    OFFLINE = "simulated-offline"


DECLINES: Final = {5: "card_declined", 51: "insufficient_funds", 55: "incorrect_pin"}
"""Reason of a decline, by the last two digits of an amount."""


def behaviour_of(reader: str) -> Behaviour | None:
    """Return the behaviour of a reader, or of a registration code; None for an unknown one."""
    try:
        return Behaviour(reader.partition("/")[0])
    except ValueError:
        return None
