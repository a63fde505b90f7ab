"""Who enters by accreditation: the same pass as everybody, in a gate group of its kind, at the times of that group."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.passes.types import Issue
from virage.identity.people.types import normalise_address
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.platform.values.texts import shows_all
from virage.site.programme.types import Event, Instant
from virage.site.venue.types import load_venue

Kind = Literal["staff", "players", "press", "contractor"]
GROUPS: Final[dict[Kind, str]] = {"staff": "STAFF", "players": "PLAYER", "press": "PRESS", "contractor": "WORKS"}
"""The gate group of each kind. Gates take it as an extra group; its window says when it comes and goes."""
VALID_AROUND: Final = timedelta(hours=24)
"""How long before the doors and after the end a badge holds: the window of its group says what it is good for."""
NAME_MAX: Final = 100
KEPT_AFTER: Final = timedelta(days=30)
"""How long after the end of the event the words about a person are kept."""
LIST_MAX: Final = 500
GATES_MAX: Final = 500


class AccreditationEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody in a list of those to accredit; whoever asks makes `id`: sent twice, it is one."""

    id: UUID
    kind: Kind
    name: Annotated[str, Meta(max_length=200)]
    email: Annotated[str, Meta(max_length=320)] | None = None


class AccreditationWish(AccreditationEntry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody to accredit for an event."""

    event_id: UUID


class AccreditationList(Struct, frozen=True, forbid_unknown_fields=True):
    """Many to accredit for one event: all of them, or none."""

    event_id: UUID
    accreditations: Annotated[list[AccreditationEntry], Meta(min_length=1, max_length=LIST_MAX)]

    def wishes(self) -> list[AccreditationWish]:
        """Return each as a wish of its own."""
        return [
            AccreditationWish(one.id, one.kind, one.name, one.email, event_id=self.event_id)
            for one in self.accreditations
        ]


class KindWord(Struct, frozen=True, forbid_unknown_fields=True):
    """When a kind comes and goes, and all the gates that take it."""

    opens_at: Instant
    closes_at: Instant
    gates: Annotated[list[Annotated[str, Meta(min_length=1, max_length=6)]], Meta(max_length=GATES_MAX)]


class KindState(Struct, frozen=True):
    """How a kind stands at an event: its gate group, how many hold it, when it comes and goes, and the gates.

    Without gates, or without a window, its badges open no gate as badges do.
    """

    kind: Kind
    group: str
    held: int
    opens_at: datetime | None
    closes_at: datetime | None
    gates: list[str]


class Accreditation(Struct, frozen=True):
    """One accreditation. `name` is missing once its person was erased, and some time after the event."""

    id: UUID
    event_id: UUID
    kind: Kind
    name: str | None
    email: str | None
    pass_number: int | None
    added_at: datetime
    revoked_at: datetime | None


def cleaned(wish: AccreditationWish) -> AccreditationWish | Refused:
    """Return the wish as it is stored, or everything that is wrong with it."""
    name = " ".join(wish.name.split())
    email = None if wish.email is None else normalise_address(wish.email)
    errors = []
    if not 0 < len(name) <= NAME_MAX or not shows_all(name):
        errors.append(("name", f"A name has 1 to {NAME_MAX} visible characters."))
    if wish.email is not None and email is None:
        errors.append(("email", "This is no e-mail address."))
    if errors:
        return invalid_inputs(errors)
    return replace(wish, name=name, email=email)


def issue_of(wish: AccreditationWish, event: Event) -> Issue:
    """Return the pass to issue. It has no seat: its place is the first number after all places of the ground."""
    return Issue(
        subject=wish.id,
        event_id=wish.event_id,
        place=load_venue().places,
        gate_group=GROUPS[wish.kind],
        not_before=event.doors_at - VALID_AROUND,
        expires_at=event.ends_at + VALID_AROUND,
    )
