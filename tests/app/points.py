"""Points of our organiser, for the tests of the whole application."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from virage.platform.values.ids import new_id
from virage.sale.points.acts.posting import post
from virage.sale.points.rules.terms import Movement
from virage.sale.points.store import accounts

if TYPE_CHECKING:
    from tests.app.conftest import World

NAME = {"fr": "Points", "en": "Points", "de": "Punkte"}


def programme(_: "World") -> dict[str, Any]:
    """An open programme with a rule for entries, as the office sets it after the first one."""
    rule = {"id": "01a23108-0000-7000-8000-000000000001", "name": NAME, "basis": "entry", "points": 10}
    return {"name": NAME, "is_open": True, "rules": [rule], "revision": 1}


def reward(world: "World") -> dict[str, Any]:
    """A reward at 10 points that asks for a text, as the office sets it."""
    now = world.clock.now()
    times = {
        "opens_at": (now - timedelta(days=1)).isoformat(),
        "closes_at": (now + timedelta(days=1)).isoformat(),
    }
    content = {"kind": "experience", "name": NAME, "price_points": 10, "asks_text": True}
    return content | times | {"organiser_id": str(world.ours), "revision": 1}


async def points_of(world: "World", office: dict[str, str], fan: dict[str, str]) -> dict[str, str]:
    """Let a fan take part, earn 30 points and redeem a reward with a text; the ids of all."""
    path = f"/api/office/points/programmes/{world.ours}"
    stored = await world.ask(office, "PUT", path, programme(world) | {"revision": 0})
    assert stored.status_code == 200, stored.text
    reward_id, redemption_id, account_id = str(new_id()), str(new_id()), str(new_id())
    made = await world.ask(office, "PUT", f"/api/office/points/rewards/{reward_id}", reward(world))
    assert made.status_code == 200, made.text
    wish = {"id": account_id, "organiser_id": str(world.ours)}
    joined = await world.ask(fan, "POST", "/api/points/accounts", wish)
    assert joined.status_code == 200, joined.text
    async with world.db.transaction() as conn:
        account = await accounts.lock_accounts(conn, [UUID(account_id)])
        earned = Movement(
            id=new_id(),
            account_id=UUID(account_id),
            number=1,
            kind="earned",
            at=world.clock.now(),
            points=30,
            source=world.event,
            rule_id=new_id(),
            revision=1,
            rate=30,
            multiplier_permille=1000,
            event_id=world.event,
        )
        await post(conn, account, [earned], None, world.clock.now())
    body = {"id": redemption_id, "reward_id": reward_id, "price_points": 10, "text": "A Fan says hello"}
    redeemed = await world.ask(fan, "POST", "/api/points/redemptions", body)
    assert redeemed.status_code == 200, redeemed.text
    return {"reward_id": reward_id, "redemption_id": redemption_id, "account_id": account_id}
