"""Bans: entries of the national file and of the club's file, and the passes that they match."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.people.types import mailbox, normalise_address
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.platform.values.texts import shows_all
from virage.sale.ticketing.types import Holder
from virage.site.programme.types import Instant
from virage.site.venue.types import PlaceLabel

File = Literal["national", "club"]
FILES: Final[tuple[File, ...]] = ("national", "club")
YEARS_MAX = 10
LIST_MAX = 2_000


class BanRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A ban to add. The client makes `id`; sending it twice adds one ban. It matches by email, by name, or either."""

    id: UUID
    expires_at: Instant
    email: Annotated[str, Meta(max_length=320)] | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None


class Ban(Struct, frozen=True):
    """A ban in force."""

    id: UUID
    file: File
    email: str | None
    name: str | None
    added_at: datetime
    added_by: UUID | None
    expires_at: datetime


class BanListRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Bans to add to a file: all of them, or none."""

    bans: Annotated[list[BanRequest], Meta(min_length=1, max_length=LIST_MAX)]


class Bearer(Struct, frozen=True):
    """The person of a pass: its ticket or accreditation, and the known email address and names."""

    subject: UUID
    email: str | None
    names: tuple[str, ...]


class BanMatches(Struct, frozen=True):
    """Matches of passes (by number) and bans; `considered` are the bans that were compared."""

    considered: frozenset[UUID]
    flags: frozenset[tuple[int, UUID]]


class BanHit(Struct, frozen=True):
    """A scan of a pass that matched a ban; `person_id` is the steward at the gate."""

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


class NewReview(Struct, frozen=True):
    """A person who would get `subject`, such as a transfer of tickets, and matches a ban.

    `ticket_ids` are the tickets that a transfer offers; `name` is the name that the person gave.
    """

    subject: UUID
    ticket_ids: tuple[UUID, ...]
    person_id: UUID
    event_id: UUID
    name: str


class PastReview(Struct, frozen=True):
    """An earlier review of a person; `ticket_ids` is empty if its subject is no transfer."""

    ban_id: UUID
    subject: UUID
    ticket_ids: tuple[UUID, ...]
    allowed: bool


class BanReview(Struct, frozen=True):
    """A match to decide about. Until it is allowed, the person does not get the tickets of the transfer `subject`.

    `ban_email` and `ban_name` are those of the ban, None once it has ended; `name` is the name that the person gave.
    """

    ban_id: UUID
    file: File
    ban_email: str | None
    ban_name: str | None
    subject: UUID
    person_id: UUID
    event_id: UUID
    name: str | None
    at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    allowed: bool


def plain_name(name: str) -> str:
    """Return a name in its compared form: without accents, case, marks, or the order of its parts."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    parts = "".join(sign if sign.isalnum() else " " for sign in letters if not unicodedata.combining(sign)).split()
    return " ".join(sorted(parts))


def plain_address(address: str) -> str:
    """Return an email address in its compared form: that of its mailbox."""
    stored = normalise_address(address)
    return address.strip().casefold() if stored is None else mailbox(stored)


def entry(request: BanRequest, file: File, who: UUID | None, now: datetime) -> Ban | Refused:
    """Return the ban of a request, or everything that is wrong with it."""
    email = None if request.email is None else normalise_address(request.email)
    name = None if request.name is None else " ".join(request.name.split())
    errors = []
    if (request.email is not None and email is None) or (email is None and not name):
        errors.append(("email", "An entry needs an e-mail address or a name."))
    if name and (not shows_all(name) or not plain_name(name)):
        errors.append(("name", "A name has letters, and nothing that cannot be seen."))
    if not now < request.expires_at <= now + timedelta(days=366 * YEARS_MAX):
        errors.append(("expires_at", f"An entry ends by itself, within {YEARS_MAX} years."))
    return (
        invalid_inputs(errors) if errors else Ban(request.id, file, email, name or None, now, who, request.expires_at)
    )


def same(known: Ban, ban: Ban) -> bool:
    """Return whether two bans agree in all but who added them and when."""
    return replace(known, added_at=ban.added_at, added_by=ban.added_by) == ban


def bearer_of(holder: Holder) -> Bearer:
    """Return the bearer of a ticket: the name on it, and the name and address of the account that it is in."""
    names = tuple(name for name in (holder.holder_name, holder.account_name) if name is not None)
    return Bearer(holder.ticket_id, holder.account_email, names)


def verdict(reviews: Iterable[PastReview], subject: UUID, ticket_ids: Sequence[UUID]) -> bool | None:
    """Return what the reviews of a person and a ban decide about a subject: True allows it, and False stops it.

    A review holds for its tickets: one that is not allowed stops, unless another one allows the same tickets. None:
    there is no review of the subject or of some of its tickets, and a new match is to be reviewed.
    """
    wanted = set(ticket_ids) or {subject}
    allowed: set[UUID] = set()
    stopped: set[UUID] = set()
    for review in reviews:
        covered = wanted if review.subject == subject else wanted & set(review.ticket_ids)
        (allowed if review.allowed else stopped).update(covered)
    if stopped - allowed:
        return False
    return True if wanted <= allowed else None


def matches(bans: Sequence[Ban], bearers: Iterable[Bearer]) -> list[tuple[Ban, Bearer]]:
    """Return pairs of bans and bearers that match by address or by any of the names."""
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
