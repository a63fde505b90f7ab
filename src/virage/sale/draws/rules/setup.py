"""Rules of setting up a draw and of entering it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused, invalid_input, invalid_inputs
from virage.sale.draws.rules.files import Quota
from virage.sale.draws.rules.terms import (
    GROUP_MAX,
    Draw,
    DrawContent,
    DrawRefusal,
    EntryContent,
    QuotaRequest,
)
from virage.sale.ticketing.types import OpenSale, Pricing
from virage.site.programme.types import Event


def content_of(draw: DrawContent) -> DrawContent:
    """Return the part of a draw that the office sets."""
    return DrawContent(**{name: getattr(draw, name) for name in DrawContent.__struct_fields__})


def check_content(content: DrawContent, sale: OpenSale, event: Event) -> Refused | None:
    """Refuse impossible times, categories that are not on sale, and a draw after the public sale has opened."""
    errors = []
    if content.draws_at < content.closes_at:
        errors.append(("draws_at", "A draw is made after its entries close."))
    if content.ends_at <= content.draws_at:
        errors.append(("ends_at", "The waiting order ends after the draw."))
    if content.ends_at >= event.starts_at:
        errors.append(("ends_at", "The waiting order ends before the event begins."))
    categories = [quota.category_id for quota in content.quotas]
    if len(set(categories)) < len(categories):
        errors.append(("quotas", "A draw names each category once."))
    if errors:
        return invalid_inputs(errors)
    unknown = [id_ for id_ in categories if id_ not in sale.inventory.categories]
    if unknown:
        return Refused(DrawRefusal.CATEGORY_UNKNOWN, {"categories": unknown})
    if content.draws_at > event.sale_opens_at:
        return Refused(DrawRefusal.TOO_LATE, {"sale_opens_at": event.sale_opens_at})
    return None


def free_of(sale: OpenSale, quotas: Sequence[QuotaRequest]) -> list[tuple[int, int]]:
    """Return the free ordinary places and the free wheelchair spaces with a free companion seat, by quota.

    Wheelchair spaces and companion seats are no ordinary places: they stay for those who need them.
    """
    inventory = sale.inventory
    places, spaces = inventory.count_by_category(), [0] * len(inventory.categories)
    for unit in inventory.plan.units:
        category = inventory.category_of[unit.space]
        free = [seat for seat in unit.seats if inventory.is_free(seat)]
        for seat in free:
            places[inventory.category_of[seat]] -= 1
        if category >= 0 and len(free) == len(unit.seats) > 1:
            spaces[category] += 1
    index = {category_id: position for position, category_id in enumerate(inventory.categories)}
    return [(places[index[one.category_id]], spaces[index[one.category_id]]) for one in quotas]


def check_quotas(sale: OpenSale, quotas: Sequence[QuotaRequest]) -> Refused | None:
    """Refuse quotas of more places than are free."""
    free = free_of(sale, quotas)
    over = [
        quota.category_id
        for quota, (places, spaces) in zip(quotas, free, strict=True)
        if (quota.places or 0) > places or (quota.spaces or 0) > spaces
    ]
    return Refused(DrawRefusal.QUOTA_TOO_LARGE, {"categories": over}) if over else None


def resolve(sale: OpenSale, quotas: Sequence[QuotaRequest]) -> list[Quota]:
    """Return the quotas of the draw: what the office set, at most what is free now."""
    return [
        Quota(
            quota.category_id,
            places if quota.places is None else min(quota.places, places),
            spaces if quota.spaces is None else min(quota.spaces, spaces),
        )
        for quota, (places, spaces) in zip(quotas, free_of(sale, quotas), strict=True)
    ]


def check_entry(content: EntryContent, draw: Draw, event: Event) -> Refused | None:
    """Refuse a group that is not possible, and wishes that the draw does not offer."""
    party = content.party
    if not party.valid or party.size > GROUP_MAX:
        return Refused(DrawRefusal.PARTY_INVALID, {"size_max": GROUP_MAX})
    if content.wheelchair and not party.access:
        return Refused(DrawRefusal.PARTY_INVALID, {"needs": "access"})
    if party.size > event.rules.limit_per_buyer:
        return Refused(DrawRefusal.LIMIT_REACHED, {"limit": event.rules.limit_per_buyer})
    offered = {quota.category_id for quota in draw.quotas}
    if not set(content.wishes) <= offered:
        return Refused(DrawRefusal.CATEGORY_UNKNOWN)
    if len(set(content.wishes)) < len(content.wishes) or not (content.wishes or content.any_other):
        return invalid_input("wishes", "An entry names each category once, and at least one or any.")
    return None


def takes_entries(draw: Draw, now: datetime) -> bool:
    """Return whether people may enter, change and withdraw now."""
    return draw.state == "open" and now < draw.closes_at


def highest_price(content: EntryContent, quotas: Sequence[UUID], pricing: Pricing) -> Cents:
    """Return the highest amount that an entry may cost, the fee included: its card is charged at most that."""
    wanted = quotas if content.any_other else content.wishes
    totals = []
    for category in pricing.categories:
        if category.id in wanted:
            prices = [category.prices.get(tariff, 0) for tariff in content.party.tariffs()]
            totals.append(sum(prices) + pricing.fee_cents * sum(1 for price in prices if price))
    return max(totals, default=0)
