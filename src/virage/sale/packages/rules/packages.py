"""Rules of packages: what the office may set, which events are sold, and the prices."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from virage.platform.values.localised import missing_in
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.sale.packages.rules.terms import EVENTS_MIN, Package, PackageContent, PackageRefusal
from virage.sale.ticketing.types import Assigned, Tariff
from virage.site.programme.types import Event

LeftOut = Literal["over", "cancelled", "not_published", "no_prices"]
"""Why an event of a package is not sold with it."""


class PackageEvent(Struct, frozen=True):
    """An event of a package; `left_out` says why it is not sold, None if it is."""

    event: Event
    left_out: LeftOut | None


def content_of(package: PackageContent) -> PackageContent:
    """Return the part of a package that the office sets."""
    return PackageContent(**{name: getattr(package, name) for name in PackageContent.__struct_fields__})


def check_package(
    content: PackageContent, events: Mapping[UUID, Event], organiser_id: UUID, languages: Sequence[str]
) -> Refused | None:
    """Refuse an impossible package: all faults of its form at once, then events of other organisers."""
    errors = [(f"name.{tag}", "A package has a name in every language.") for tag in missing_in(content.name, languages)]
    if len(set(content.event_ids)) < len(content.event_ids):
        errors.append(("event_ids", "A package names each event once."))
    if content.opens_at >= content.closes_at:
        errors.append(("closes_at", "A sale closes after it opens."))
    if content.kind != "pack" and len(content.event_ids) < EVENTS_MIN:
        errors.append(("event_ids", "Only a pack may be of one event."))
    low, high = content.choose_min, content.choose_max
    if content.kind != "choice" and (low is not None or high is not None):
        errors.append(("choose_min", "Only a package of the kind `choice` has a number of events to choose."))
    if content.kind == "choice" and (low is None or high is None or not low <= high <= len(content.event_ids)):
        errors.append(("choose_max", "From `choose_min` to `choose_max` of the events may be chosen."))
    if errors:
        return invalid_inputs(errors)
    unknown = [id_ for id_ in content.event_ids if id_ not in events or events[id_].organiser_id != organiser_id]
    return Refused(PackageRefusal.UNKNOWN_EVENT, {"events": unknown}) if unknown else None


def may_change(package: Package, revision: int | None) -> Refused | None:
    """Refuse a change of an outdated revision."""
    return None if revision == package.revision else Refused(PackageRefusal.CHANGED, {"revision": package.revision})


def events_of(package: PackageContent, events: Mapping[UUID, Event], now: datetime) -> list[PackageEvent]:
    """Return the events of a package in the order of their dates, with those that are left out."""
    found = sorted((events[id_] for id_ in package.event_ids), key=lambda event: (event.starts_at, event.id))
    return [PackageEvent(event, _left_out(event, now)) for event in found]


def _left_out(event: Event, now: datetime) -> LeftOut | None:
    if event.state == "cancelled":
        return "cancelled"
    if event.sale_closes_at <= now:
        return "over"
    return "not_published" if event.state == "draft" else None


def sold_events(
    package: Package, events: Sequence[PackageEvent], chosen: Sequence[UUID] | None, now: datetime
) -> list[Event] | Refused:
    """Return the events that a buyer gets now, in order.

    Refusals: `package_closed` (data.because: `not_open`, `opens_later`, `over`), and `wrong_choice` for a choice of
    other events, or of too few or too many.
    """
    on_sale = [one.event for one in events if one.left_out is None]
    because = closed_because(package, events, now)
    if because is not None:
        return Refused(PackageRefusal.CLOSED, {"because": because, "opens_at": package.opens_at})
    if package.kind != "choice":
        return on_sale if chosen is None else Refused(PackageRefusal.WRONG_CHOICE)
    low, high = package.choose_min or 0, package.choose_max or 0
    picked = [event for event in on_sale if chosen is not None and event.id in chosen]
    if chosen is None or len(picked) < len(chosen) or not low <= len(picked) <= high:
        return Refused(PackageRefusal.WRONG_CHOICE, {"min": low, "max": high})
    return picked


def closed_because(
    package: Package, events: Sequence[PackageEvent], now: datetime
) -> Literal["not_open", "opens_later", "over"] | None:
    """Return why a package is not sold now, None if it is.

    A pack is over once one of its events is; a cancelled event is left out of it.
    """
    on_sale = [one for one in events if one.left_out is None]
    begun = package.kind == "pack" and any(one.left_out == "over" for one in events)
    if not package.is_open:
        return "not_open"
    if (
        now >= package.closes_at
        or begun
        or len(on_sale) < (1 if package.kind == "pack" else max(EVENTS_MIN, package.choose_min or 0))
    ):
        return "over"
    return "opens_later" if now < package.opens_at else None


def discount_of(package: PackageContent, assigned: Sequence[Assigned]) -> tuple[int, int]:
    """Return the discounts in per mille that a party gets, one after the other."""
    tariffs = {one.tariff for one in assigned}
    family = Tariff.CHILD in tariffs and bool(tariffs & {Tariff.FULL, Tariff.REDUCED, Tariff.ACCESS})
    return package.discount_permille, package.family_permille if family else 0


def discounted(prices: Sequence[Cents], discounts: tuple[int, int]) -> list[Cents]:
    """Return prices after two discounts, each rounded once to the nearest cent, half a cent up."""
    share = (1000 - discounts[0]) * (1000 - discounts[1])
    return [(price * share + 500_000) // 1_000_000 for price in prices]
