"""When alcohol may be sold, and to whom. It holds for every means of payment: nobody asks how the buyer pays.

In a sports ground the sale of drinks above 1.2 % is forbidden (code de la santé publique, L3335-4). The mayor may allow
an approved sports association what is fermented (third group, L3321-1: at most 18 %), ten times a year and for 48 hours
at most; what is distilled, never. Alcohol is never sold to minors, and who sells it asks for a proof of age (L3342-1).
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
DEROGATION_MAX: Final = timedelta(hours=48)
DEROGATIONS_A_YEAR: Final = 10


class Reason(StrEnum):
    """Why something is not sold to somebody, or a derogation not entered."""

    FORBIDDEN = "alcohol_forbidden"
    AGE_CHECK = "age_check_required"
    YEAR_IS_FULL = "derogations_of_year_used"


class Why(StrEnum):
    """What forbids alcohol, in `data` of the refusal."""

    SPIRITS = "spirits"
    NO_EVENT = "no_event"
    HOUSE_RULE = "house_rule"
    NO_DEROGATION = "no_derogation"


class DerogationWish(Struct, frozen=True, forbid_unknown_fields=True):
    """An order of the mayor to enter in the calendar; `reference` is its number. The asker makes `id`."""

    id: UUID
    organiser_id: UUID
    starts_at: Instant
    ends_at: Instant
    reference: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Derogation(Struct, frozen=True):
    """What the mayor allows an organiser, from `starts_at` until before `ends_at` or until it is withdrawn."""

    id: UUID
    organiser_id: UUID
    starts_at: datetime
    ends_at: datetime
    reference: str
    withdrawn_at: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether it holds at a moment; what was sold before it was withdrawn was sold rightly."""
        until = self.ends_at if self.withdrawn_at is None else min(self.ends_at, self.withdrawn_at)
        return self.starts_at <= moment < until

    @property
    def counts(self) -> bool:
        """Whether it is one of the ten of its year: withdrawn before it began, it is none."""
        return self.withdrawn_at is None or self.withdrawn_at > self.starts_at


def may_sell(
    product: Product,
    event: Event | None,
    moment: datetime,
    derogations: Collection[Derogation],
    *,
    age_confirmed: bool,
) -> Refused | None:
    """Refuse what may not be sold at a moment, or not before the buyer's age was checked; None where it may.

    Alcohol asks for both words: the event's own house rule, by which its organiser wants it served, and a derogation of
    that organiser that covers the moment. The rule narrows what the mayor allows and never widens it. `event` is what
    is on at that moment, None for nothing. What is soft and has no age limit is never touched.
    """
    if product.is_alcohol:
        why = _forbids(product, event, moment, derogations)
        if why is not None:
            return _no(Reason.FORBIDDEN, product, why=why)
    if product.age_limit and not age_confirmed:
        return _no(Reason.AGE_CHECK, product, age=product.age_limit)
    return None


def may_sell_all(
    products: Iterable[Product],
    event: Event | None,
    moment: datetime,
    derogations: Collection[Derogation],
    *,
    age_confirmed: bool,
) -> Refused | None:
    """Refuse a basket for the first product that may not be sold; what is forbidden goes before an age to check."""
    asked: Refused | None = None
    for product in products:
        refusal = may_sell(product, event, moment, derogations, age_confirmed=age_confirmed)
        if refusal is not None and refusal.reason == Reason.FORBIDDEN:
            return refusal
        asked = asked or refusal
    return asked


def _forbids(
    product: Product, event: Event | None, moment: datetime, derogations: Collection[Derogation]
) -> Why | None:
    if product.distilled or product.abv_permille > FERMENTED_PERMILLE_MAX:
        return Why.SPIRITS
    if event is None or event.state != "published":
        return Why.NO_EVENT
    if not event.rules.alcohol:
        return Why.HOUSE_RULE
    own = (one for one in derogations if one.organiser_id == event.organiser_id)
    return None if any(one.covers(moment) for one in own) else Why.NO_DEROGATION


def check_derogation(wish: DerogationWish, known: Sequence[Derogation], zone: tzinfo) -> Refused | None:
    """Refuse what the mayor cannot have allowed; `known` are the organiser's others, `zone` the ground's own time.

    The year is the calendar year in which a derogation begins.
    """
    if not YEAR_MIN <= wish.starts_at.year <= YEAR_MAX or not YEAR_MIN <= wish.ends_at.year <= YEAR_MAX:
        return invalid_input("starts_at", "There is no such time.")
    if wish.ends_at <= wish.starts_at:
        return invalid_input("ends_at", "It ends before it begins.")
    if wish.ends_at - wish.starts_at > DEROGATION_MAX:
        return invalid_input("ends_at", "A derogation is for 48 hours at most.")
    year = wish.starts_at.astimezone(zone).year
    used = sum(one.counts and one.starts_at.astimezone(zone).year == year for one in known)
    if used >= DEROGATIONS_A_YEAR:
        return Refused(Reason.YEAR_IS_FULL, {"year": year, "used": used})
    return None


def _no(reason: Reason, product: Product, **data: Any) -> Refused:
    return Refused(reason, {"product_id": product.id} | data)
