"""Who may not come in: entries of the national file and of the club's own, and whom they mean."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.people.rules.addresses import normalise_address
from virage.ticketing.rules.holders import Holder
from virage.venue.rules.ground import PlaceLabel

File = Literal["national", "club"]
YEARS_MAX = 10


class BanWish(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry to add; whoever asks makes `id`: sent twice, it is one. It means an address, a name, or either."""

    id: UUID
    expires_at: Annotated[datetime, Meta(tz=True)]
    email: Annotated[str, Meta(max_length=320)] | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None


class Ban(Struct, frozen=True):
    """An entry that holds."""

    id: UUID
    file: File
    email: str | None
    name: str | None
    added_at: datetime
    added_by: UUID | None
    expires_at: datetime


class Met(Struct, frozen=True):
    """Which passes (by number) which entries meet; `considered` are the entries that were compared."""

    considered: frozenset[UUID]
    flags: frozenset[tuple[int, UUID]]


class Hit(Struct, frozen=True):
    """Somebody came to a gate with a pass that an entry met; `person_id` is who stood at the gate."""

    ban_id: UUID
    file: File
    device_id: UUID
    number: int
    gate: str
    at: datetime
    pass_number: int
    person_id: UUID | None
    place_label: PlaceLabel | None = None
    device_name: str | None = None
    person_name: str | None = None


def plain_name(name: str) -> str:
    """Return a name as it is compared: without accents, case, marks, or the order of its parts."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    parts = "".join(sign if sign.isalnum() else " " for sign in letters if not unicodedata.combining(sign)).split()
    return " ".join(sorted(parts))


def plain_address(address: str) -> str:
    """Return an address as it is compared."""
    return normalise_address(address) or address.strip().casefold()


def matches(bans: Sequence[Ban], holders: Iterable[Holder]) -> list[tuple[Ban, Holder]]:
    """Return which entries mean which tickets: by the buyer's address, the name on the ticket, or the buyer's name."""
    by_email: dict[str, list[Ban]] = {}
    by_name: dict[str, list[Ban]] = {}
    for ban in bans:
        if ban.email is not None:
            by_email.setdefault(plain_address(ban.email), []).append(ban)
        if ban.name is not None:
            by_name.setdefault(plain_name(ban.name), []).append(ban)
    found = []
    for holder in holders:
        met: dict[UUID, Ban] = {}
        if holder.buyer_email is not None:
            met |= {ban.id: ban for ban in by_email.get(plain_address(holder.buyer_email), ())}
        for name in (holder.holder_name, holder.buyer_name) if by_name else ():
            if name is not None:
                met |= {ban.id: ban for ban in by_name.get(plain_name(name), ())}
        found += [(ban, holder) for ban in met.values()]
    return found
