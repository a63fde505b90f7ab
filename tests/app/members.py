"""A member of our organiser, for the tests of the whole application."""

from typing import TYPE_CHECKING, Any

from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import World


def tier(world: "World") -> dict[str, Any]:
    """A free tier of our organiser, as the office sets it."""
    days = {"starts_on": "2025-07-01", "ends_on": "2026-06-30"}
    name = {"fr": "Or", "en": "Gold", "de": "Gold"}
    content = {"name": name, "price_cents": 0, "vat_permille": 200, "is_open": True}
    return content | days | {"organiser_id": str(world.ours), "revision": 1}


async def member_of(world: "World", office: dict[str, str], fan: dict[str, str]) -> dict[str, str]:
    """Set a tier and let a fan join it; the ids of both."""
    tier_id, membership_id = str(new_id()), str(new_id())
    stored = await world.ask(office, "PUT", f"/api/office/membership/tiers/{tier_id}", tier(world))
    assert stored.status_code == 200, stored.text
    wish = {"id": membership_id, "payment_id": str(new_id()), "tier_id": tier_id}
    joined = await world.ask(fan, "POST", "/api/membership", wish)
    assert joined.status_code == 200, joined.text
    return {"organiser_id": str(world.ours), "tier_id": tier_id, "membership_id": membership_id}
