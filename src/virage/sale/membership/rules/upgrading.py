"""Rules of an upgrade within a term: which tiers are higher, and the rest of the price."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.sale.membership.rules.terms import MembershipRow, Tier


class Upgrade(Struct, frozen=True):
    """A higher tier of the term of a membership, and what it costs from today until the end of the term, with VAT."""

    tier_id: UUID
    tier: LocalisedText
    price_cents: Cents
    window_tickets: int


def upgrade_price(held: Tier, wanted: Tier, today: date) -> Cents | None:
    """Return what the change to a higher tier costs today; None if it is no upgrade or not open.

    Both tiers have the same term. It is the difference of their prices, by the days of the term that are left, today
    included, rounded down.
    """
    same_term = (wanted.organiser_id, wanted.starts_on, wanted.ends_on) == (
        held.organiser_id,
        held.starts_on,
        held.ends_on,
    )
    if not same_term or not wanted.is_open or wanted.ends_on < today or wanted.price_cents <= held.price_cents:
        return None
    days = (wanted.ends_on - wanted.starts_on).days + 1
    left = (wanted.ends_on - max(today, wanted.starts_on)).days + 1
    return (wanted.price_cents - held.price_cents) * left // days


def upgrades_of(row: MembershipRow, held: Tier, tiers: Sequence[Tier], today: date) -> list[Upgrade]:
    """Return the upgrades of a membership, the cheapest first; none of one that is not active."""
    if row.state != "active":
        return []
    priced = ((upgrade_price(held, tier, today), tier) for tier in tiers)
    found = [Upgrade(tier.id, tier.name, price, tier.window_tickets) for price, tier in priced if price is not None]
    return sorted(found, key=lambda one: (one.price_cents, one.tier_id))
