"""Who may not come in: entries of the national file and of the club's own, and whom they mean."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.people.types import normalise_address
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.platform.values.texts import shows_all
from virage.sale.ticketing.types import Holder
from virage.site.programme.types import Instant
from virage.site.venue.types import PlaceLabel

File = Literal["national", "club"]
YEARS_MAX = 10
LIST_MAX = 2_000


class BanWish(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry to add; whoever asks makes `id`: sent twice, it is one. It means an address, a name, or either."""

    id: UUID
    expires_at: Instant
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


class BanList(Struct, frozen=True, forbid_unknown_fields=True):
    """Entries to add to a file: all of them, or none."""

    bans: Annotated[list[BanWish], Meta(min_length=1, max_length=LIST_MAX)]


class Bearer(Struct, frozen=True):
    """Whom a pass is for, as entries are compared with it: the ticket or accreditation behind it, and who is known."""

    subject: UUID
    email: str | None
    names: tuple[str, ...]


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


def entry(wish: BanWish, file: File, who: UUID | None, now: datetime) -> Ban | Refused:
    """Return the entry that a wish makes, or everything that is wrong with it."""
    email = None if wish.email is None else normalise_address(wish.email)
    name = None if wish.name is None else " ".join(wish.name.split())
    errors = []
    if (wish.email is not None and email is None) or (email is None and not name):
        errors.append(("email", "An entry needs an e-mail address or a name."))
    if name and (not shows_all(name) or not plain_name(name)):
        errors.append(("name", "A name has letters, and nothing that cannot be seen."))
    if not now < wish.expires_at <= now + timedelta(days=366 * YEARS_MAX):
        errors.append(("expires_at", f"An entry ends by itself, within {YEARS_MAX} years."))
    return invalid_inputs(errors) if errors else Ban(wish.id, file, email, name or None, now, who, wish.expires_at)


def same(known: Ban, ban: Ban) -> bool:
    """Tell whether two entries say the same of the same, whoever added them and when."""
    return replace(known, added_at=ban.added_at, added_by=ban.added_by) == ban


def bearer_of(holder: Holder) -> Bearer:
    """Return whom a ticket is for: the buyer's address, the name on the ticket, the buyer's name."""
    names = tuple(name for name in (holder.holder_name, holder.buyer_name) if name is not None)
    return Bearer(holder.ticket_id, holder.buyer_email, names)


def matches(bans: Sequence[Ban], bearers: Iterable[Bearer]) -> list[tuple[Ban, Bearer]]:
    """Return which entries mean which bearers: by the address, or by any of the names."""
    by_email: dict[str, list[Ban]] = {}
    by_name: dict[str, list[Ban]] = {}
    for ban in bans:
        if ban.email is not None:
            by_email.setdefault(plain_address(ban.email), []).append(ban)
        if ban.name is not None:
            by_name.setdefault(plain_name(ban.name), []).append(ban)
    found = []
    for bearer in bearers:
        met: dict[UUID, Ban] = {}
        if bearer.email is not None:
            met |= {ban.id: ban for ban in by_email.get(plain_address(bearer.email), ())}
        for name in bearer.names if by_name else ():
            met |= {ban.id: ban for ban in by_name.get(plain_name(name), ())}
        found += [(ban, bearer) for ban in met.values()]
    return found
