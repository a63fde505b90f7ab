"""The identity rule of an event: whose documents stewards compare with the names on tickets."""

from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.site.programme.types import Event

SELECT_PURPOSE: Final = b"virage:identity:v1\0"
SECRET_BYTES: Final = 16

Unnamed = Literal["admit", "desk"]


class IdentityContent(Struct, frozen=True):
    """What the office sets: the share of passes whose documents are checked, 0 for none and 100 for all.

    `unnamed` is what happens to a ticket that carries no name once names are due: it is admitted, or sent to the desk.
    """

    share_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    unnamed: Unnamed = "admit"


class IdentityRule(IdentityContent, frozen=True, kw_only=True):
    """The rule of an event; `secret` selects its passes, so that fans cannot predict a check."""

    event_id: UUID
    secret: bytes
    revision: int
    set_at: datetime
    set_by: UUID | None


class IdentityCounts(Struct, frozen=True):
    """Passes of an event whose documents were to be checked, and the last outcome of each.

    `due` were admitted with a check; `matched` and `mismatched` were answered.
    """

    due: int
    matched: int
    mismatched: int


def in_force(rule: IdentityRule | None, event: Event) -> IdentityRule | None:
    """Return the rule that gates apply: None if tickets carry no names, or if it asks for nothing."""
    if rule is None or not event.rules.named_tickets:
        return None
    return None if rule.share_percent == 0 and rule.unnamed == "admit" else rule


def is_selected(secret: bytes, number: int, share_percent: int) -> bool:
    """Return whether the document of a pass is checked, alike at every gate and at each scan.

    A larger share selects the same passes and more.
    """
    value = digest(secret, SELECT_PURPOSE + number.to_bytes(4), sha256)[:4]
    return int.from_bytes(value) * 100 < share_percent << 32
