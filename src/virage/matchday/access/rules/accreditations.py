"""Accreditations: passes with a gate group per kind, valid in the access window of that group."""

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
from virage.site.venue.types import Venue

Kind = Literal["staff", "players", "press", "contractor"]
GROUPS: Final[dict[Kind, str]] = {"staff": "STAFF", "players": "PLAYER", "press": "PRESS", "contractor": "WORKS"}
"""Gate group of each kind. Gates accept it as an extra group; its window limits when."""
VALID_AROUND: Final = timedelta(hours=24)
"""Validity of a badge before the doors and after the end; the window of its group is narrower."""
NAME_MAX: Final = 100
KEPT_AFTER: Final = timedelta(days=30)
"""Retention of names and addresses after the end of the event."""
LIST_MAX: Final = 500
GATES_MAX: Final = 500


class AccreditationEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A person in a list to accredit. The client makes `id`; sending it twice adds one accreditation."""

    id: UUID
    kind: Kind
    name: Annotated[str, Meta(max_length=200)]
    email: Annotated[str, Meta(max_length=320)] | None = None


class AccreditationRequest(AccreditationEntry, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person to accredit for an event."""

    event_id: UUID


class AccreditationListRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """People to accredit for one event: all of them, or none."""

    event_id: UUID
    accreditations: Annotated[list[AccreditationEntry], Meta(min_length=1, max_length=LIST_MAX)]

    def requests(self) -> list[AccreditationRequest]:
        """Return one request per person."""
        return [
            AccreditationRequest(person.id, person.kind, person.name, person.email, event_id=self.event_id)
            for person in self.accreditations
        ]


class AccreditationKindUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Access window of a kind, and all gates that accept it."""

    opens_at: Instant
    closes_at: Instant
    gates: Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=GATES_MAX)]


class AccreditationKindState(Struct, frozen=True):
    """A kind of accreditation at an event: gate group, number of valid accreditations, window and gates.

    Without gates or without a window, no gate accepts its badges.
    """

    kind: Kind
    group: str
    count: int
    opens_at: datetime | None
    closes_at: datetime | None
    gates: list[str]


class Accreditation(Struct, frozen=True):
    """An accreditation. `name` is None after its person was erased, and some time after the event."""

    id: UUID
    event_id: UUID
    kind: Kind
    name: str | None
    email: str | None
    pass_number: int | None
    added_at: datetime
    revoked_at: datetime | None


def validated(request: AccreditationRequest) -> AccreditationRequest | Refused:
    """Return the request in its stored form, or everything that is wrong with it."""
    name = " ".join(request.name.split())
    email = None if request.email is None else normalise_address(request.email)
    errors = []
    if not 0 < len(name) <= NAME_MAX or not shows_all(name):
        errors.append(("name", f"A name has 1 to {NAME_MAX} visible characters."))
    if request.email is not None and email is None:
        errors.append(("email", "This is no e-mail address."))
    if errors:
        return invalid_inputs(errors)
    return replace(request, name=name, email=email)


def pass_to_issue(request: AccreditationRequest, event: Event, venue: Venue) -> Issue:
    """Return the pass to issue. It has no seat: its place is the first number after all places of the venue."""
    return Issue(
        subject=request.id,
        event_id=request.event_id,
        place=venue.places,
        gate_group=GROUPS[request.kind],
        not_before=event.doors_at - VALID_AROUND,
        expires_at=event.ends_at + VALID_AROUND,
    )
