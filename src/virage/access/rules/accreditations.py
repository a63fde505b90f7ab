"""Who enters by accreditation: the same pass as everybody, in a gate group of its kind, at the times of that group."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.kernel.problems import Refused, invalid_input
from virage.kernel.texts import shows_all
from virage.passes.rules.holding import Issue
from virage.people.rules.addresses import normalise_address
from virage.programme.rules import Event
from virage.venue.rules import load_ground

Kind = Literal["staff", "players", "press", "contractor"]
GROUPS: Final[dict[Kind, str]] = {"staff": "STAFF", "players": "PLAYER", "press": "PRESS", "contractor": "WORKS"}
"""The gate group of each kind. Gates take it as an extra group; its window says when it comes and goes."""
VALID_AROUND: Final = timedelta(hours=24)
"""How long before the doors and after the end a badge holds: the window of its group says what it is good for."""
NAME_MAX: Final = 100


class AccreditationWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to accredit; whoever asks makes `id`: sent twice, it is one."""

    id: UUID
    event_id: UUID
    kind: Kind
    name: Annotated[str, Meta(max_length=200)]
    email: Annotated[str, Meta(max_length=320)] | None = None


class Accreditation(Struct, frozen=True):
    """One accreditation. `name` is missing once its person was erased."""

    id: UUID
    event_id: UUID
    kind: Kind
    name: str | None
    email: str | None
    pass_number: int | None
    added_at: datetime
    revoked_at: datetime | None


def cleaned(wish: AccreditationWish) -> AccreditationWish | Refused:
    """Return the wish as it is stored, or what is wrong with it."""
    name = " ".join(wish.name.split())
    if not 0 < len(name) <= NAME_MAX or not shows_all(name):
        return invalid_input("name", f"A name has 1 to {NAME_MAX} visible characters.")
    email = None if wish.email is None else normalise_address(wish.email)
    if wish.email is not None and email is None:
        return invalid_input("email", "This is no e-mail address.")
    return replace(wish, name=name, email=email)


def issue_of(wish: AccreditationWish, event: Event) -> Issue:
    """Return the pass to issue. It has no seat: its place is the first number after all places of the ground."""
    return Issue(
        subject=wish.id,
        event_id=wish.event_id,
        place=load_ground().places,
        gate_group=GROUPS[wish.kind],
        not_before=event.doors_at - VALID_AROUND,
        expires_at=event.ends_at + VALID_AROUND,
    )
