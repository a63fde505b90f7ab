"""Rules of alcohol sales, the same for every means of payment.

In a sports venue the sale of drinks above 1.2 % is forbidden (code de la santé publique, L3335-4). The mayor may permit
an approved sports association to sell fermented drinks (third group, L3321-1: at most 18 %), ten times a year for 48
hours at most; spirits never. Alcohol is not sold to minors, and the seller asks for a proof of age (L3342-1).
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.rules.catalogue import Product
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme.types import YEAR_MAX, YEAR_MIN, Event, Instant

FERMENTED_PERMILLE_MAX: Final = 180
PERMIT_MAX: Final = timedelta(hours=48)
PERMITS_PER_YEAR: Final = 10


class Reason(StrEnum):
    """Refusal codes of alcohol sales and permits."""

    FORBIDDEN = "alcohol_forbidden"
    AGE_CHECK = "age_check_required"
    YEAR_IS_FULL = "alcohol_permits_used_up"


class ForbiddenBy(StrEnum):
    """What forbids alcohol, in `data` of the refusal."""

    SPIRITS = "spirits"
    NO_EVENT = "no_event"
    HOUSE_RULE = "house_rule"
    NO_PERMIT = "no_derogation"


class AlcoholPermitRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An alcohol permit to add; `reference` is the number of the mayor's order. The client makes `id`."""

    id: UUID
    organiser_id: UUID
    starts_at: Instant
    ends_at: Instant
    reference: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]


class AlcoholPermit(Struct, frozen=True):
    """An organiser's alcohol permit, from `starts_at` until `ends_at` (excluded) or its withdrawal."""

    id: UUID
    organiser_id: UUID
    starts_at: datetime
    ends_at: datetime
    reference: str
    withdrawn_at: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the permit is in force at a time. Sales before its withdrawal stay lawful."""
        until = self.ends_at if self.withdrawn_at is None else min(self.ends_at, self.withdrawn_at)
        return self.starts_at <= moment < until

    @property
    def counts(self) -> bool:
        """Whether the permit counts towards the ten of its year: not if withdrawn before it began."""
        return self.withdrawn_at is None or self.withdrawn_at > self.starts_at


def may_sell(
    product: Product,
    event: Event | None,
    moment: datetime,
    permits: Collection[AlcoholPermit],
    *,
    age_confirmed: bool,
) -> Refused | None:
    """Refuse a product that may not be sold at a time, or not before an age check; None if it may be sold.

    Alcohol needs both the event's house rule and a permit of its organiser that covers the time. The house rule can
    only restrict the permit. `event` is the current event, if any. Soft drinks without an age limit always pass.
    """
    if product.is_alcohol:
        why = _forbids(product, event, moment, permits)
        if why is not None:
            return _no(Reason.FORBIDDEN, product, why=why)
    if product.age_limit and not age_confirmed:
        return _no(Reason.AGE_CHECK, product, age=product.age_limit)
    return None


def may_sell_all(
    products: Iterable[Product],
    event: Event | None,
    moment: datetime,
    permits: Collection[AlcoholPermit],
    *,
    age_confirmed: bool,
) -> Refused | None:
    """Refuse a basket by its first forbidden product, otherwise by its first age check."""
    asked: Refused | None = None
    for product in products:
        refusal = may_sell(product, event, moment, permits, age_confirmed=age_confirmed)
        if refusal is not None and refusal.reason == Reason.FORBIDDEN:
            return refusal
        asked = asked or refusal
    return asked


def _forbids(
    product: Product, event: Event | None, moment: datetime, permits: Collection[AlcoholPermit]
) -> ForbiddenBy | None:
    if product.distilled or product.abv_permille > FERMENTED_PERMILLE_MAX:
        return ForbiddenBy.SPIRITS
    if event is None or event.state != "published":
        return ForbiddenBy.NO_EVENT
    if not event.rules.alcohol:
        return ForbiddenBy.HOUSE_RULE
    own = (permit for permit in permits if permit.organiser_id == event.organiser_id)
    return None if any(permit.covers(moment) for permit in own) else ForbiddenBy.NO_PERMIT


def check_permit(request: AlcoholPermitRequest, known: Sequence[AlcoholPermit], zone: tzinfo) -> Refused | None:
    """Refuse a permit beyond the legal limits; `known` are the organiser's other permits.

    A permit counts in the calendar year in which it begins in `zone`, the time zone of its event's venue.
    """
    if not YEAR_MIN <= request.starts_at.year <= YEAR_MAX or not YEAR_MIN <= request.ends_at.year <= YEAR_MAX:
        return invalid_input("starts_at", "There is no such time.")
    if request.ends_at <= request.starts_at:
        return invalid_input("ends_at", "It ends before it begins.")
    if request.ends_at - request.starts_at > PERMIT_MAX:
        return invalid_input("ends_at", "A permit is for 48 hours at most.")
    year = request.starts_at.astimezone(zone).year
    used = sum(permit.counts and permit.starts_at.astimezone(zone).year == year for permit in known)
    if used >= PERMITS_PER_YEAR:
        return Refused(Reason.YEAR_IS_FULL, {"year": year, "used": used})
    return None


def _no(reason: Reason, product: Product, **data: Any) -> Refused:
    return Refused(reason, {"product_id": product.id} | data)
