"""Rules of campaigns: what the office may set, and the seats that a holder keeps."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.values.refusals import Refused, invalid_inputs
from virage.sale.packages.types import Package
from virage.sale.seasons.rules.terms import CampaignContent, SeasonRefusal
from virage.sale.ticketing.types import TARIFFS, Assigned
from virage.site.programme.types import Event


class SoldPart(Struct, frozen=True):
    """What was sold of a bundle for one event; `refunded` are those of its tickets that were refunded."""

    event_id: UUID
    places: list[int]
    tariffs: list[int]
    ticket_ids: list[UUID]
    refunded_ids: list[UUID]


class Holder(Struct, frozen=True):
    """A subscription of the earlier season with what was sold; `other_seats` are its events with other seats."""

    id: UUID
    person_id: UUID | None
    other_seats: list[UUID]
    years_before: int
    parts: list[SoldPart]


class Kept(Struct, frozen=True):
    """The seats that a holder may renew, numbered as at an event of the earlier season; `lost` were refunded."""

    event_id: UUID
    assigned: list[Assigned]
    lost: int


def check_campaign(content: CampaignContent, packages: Mapping[UUID, Package], organiser_id: UUID) -> Refused | None:
    """Refuse an impossible campaign: all faults of its form at once."""
    errors = []
    for name, package_id in (("from_package_id", content.from_package_id), ("to_package_id", content.to_package_id)):
        if package_id not in packages or packages[package_id].organiser_id != organiser_id:
            errors.append((name, "It is a package of the organiser."))
    if content.from_package_id == content.to_package_id:
        errors.append(("to_package_id", "A package is renewed into another one."))
    elif content.to_package_id in packages and packages[content.to_package_id].kind == "choice":
        errors.append(("to_package_id", "A package whose events are chosen cannot be renewed into."))
    if content.opens_at >= content.until:
        errors.append(("until", "The end is after the opening."))
    elif content.relocates_until is not None and not content.opens_at < content.relocates_until < content.until:
        errors.append(("relocates_until", "Wishes end between the opening and the end."))
    return invalid_inputs(errors) if errors else None


def not_possible(because: str) -> Refused:
    """Return the refusal of a step that cannot be taken now."""
    return Refused(SeasonRefusal.NOT_POSSIBLE_NOW, {"because": because})


def kept_seats(holder: Holder, events: Mapping[UUID, Event], venues: Collection[str]) -> Kept | None:
    """Return the seats that a holder keeps, as numbered at the last event that may say it; None without any.

    A seat counts while one of its tickets was not refunded. `venues` are those of the next season: an event at one of
    them says more. Lines of the orders of a bundle are in the same order at every event.
    """
    parts = [part for part in holder.parts if part.event_id not in holder.other_seats] or holder.parts
    if not parts:
        return None
    size = len(parts[0].places)
    valid = [
        index
        for index in range(size)
        if any(index < len(one.ticket_ids) and one.ticket_ids[index] not in one.refunded_ids for one in holder.parts)
    ]

    def says(part: SoldPart) -> tuple[bool, bool, datetime]:
        whole = len(part.places) == size and all(part.places[index] >= 0 for index in valid)
        event = events[part.event_id]
        return whole, event.venue_code in venues, event.starts_at

    best = max(parts, key=says)
    if not valid or len(best.places) != size:
        return None
    assigned = [Assigned(best.places[index], TARIFFS[best.tariffs[index]]) for index in valid]
    return Kept(best.event_id, assigned, size - len(valid))
