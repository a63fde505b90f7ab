"""Members' windows: members of a window's tiers hold before the public sale, up to its limit, and others do not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.sale.membership.conftest import TERM, Club
from tests.sale.ticketing.conftest import HOUR, Box, System
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.membership.acts import members
from virage.sale.membership.rules.terms import EventWindow
from virage.site.programme.api import amend, event
from virage.site.programme.types import content_of

MINUTE = timedelta(minutes=1)


def code(answer: httpx.Response) -> Any:
    return answer.json().get("code")


async def hold(box: Box, full: int = 1, **more: Any) -> httpx.Response:
    return await box.hold({"kind": "best", "party": {"full": full} | more.pop("party", {}), **more})


async def test_a_member_holds_in_their_window_and_others_are_told_of_it(early: Club, clock: FakeClock) -> None:
    now = early.system.clock.now()
    gold, blue = await early.tier(), await early.tier(name={"fr": "Bleu", "en": "Blue"}, price_cents=0)
    await early.windows(EventWindow(now - MINUTE, 4, [gold.id]), EventWindow(now + 30 * MINUTE, 4, [gold.id, blue.id]))
    member, later = await early.system.fan(), await early.system.fan("blue@example.org")
    await early.joined(member, gold)
    await early.joined(later, blue)
    assert (await hold(member)).status_code == 201
    for stranger, mine in (
        (later, 1),
        (await early.system.fan("stranger@example.org"), 0),
        (early.system.browser(), 0),
    ):
        refused = await hold(stranger)
        assert (refused.status_code, code(refused)) == (409, "sale_not_open")
        data = refused.json()["data"]
        assert [[tier["en"] for tier in window["tiers"]] for window in data["windows"]] == [["Gold"], ["Gold", "Blue"]]
        assert len(data["mine"]) == mine
    clock.advance(30 * MINUTE)
    assert (await hold(later)).status_code == 201


async def test_the_limit_is_the_lower_one_of_the_window_and_the_tier(early: Club) -> None:
    now = early.system.clock.now()
    gold = await early.tier(window_tickets=3)
    blue = await early.tier(name={"fr": "Bleu", "en": "Blue"}, price_cents=0, window_tickets=9)
    await early.windows(EventWindow(now - MINUTE, 4, [gold.id, blue.id]))
    for tier, limit in ((gold, 3), (blue, 4)):
        member = await early.system.fan(f"{limit}@example.org")
        await early.joined(member, tier)
        assert (await hold(member, limit - 1)).status_code == 201
        refused = await hold(member, 2)
        assert (code(refused), refused.json()["data"]) == ("limit_reached", {"limit": limit, "left": 1})
        assert (await hold(member, 1)).status_code == 201
        assert code(await hold(member, 1)) == "limit_reached"


async def test_an_event_without_windows_says_when_its_sale_opens_as_before(early: Club) -> None:
    refused = await hold(early.system.browser())
    assert refused.json()["data"].keys() == {"opens_at"}


async def test_a_wheelchair_space_with_its_companion_is_held_in_a_window(early: Club) -> None:
    gold = await early.tier()
    await early.windows(EventWindow(early.system.clock.now() - MINUTE, 2, [gold.id]))
    member, stranger = await early.system.fan(), await early.system.fan("stranger@example.org")
    await early.joined(member, gold)
    wish: dict[str, Any] = {"full": 0, "party": {"full": 0, "access": 1}, "needs": ["wheelchair"]}
    assert code(await hold(stranger, **wish)) == "sale_not_open"
    held = await hold(member, **wish)
    assert held.status_code == 201, held.text
    assert [line["tariff"] for line in held.json()["lines"]] == ["access", "companion"]


async def test_a_membership_that_is_unpaid_cancelled_or_over_opens_nothing(early: Club, clock: FakeClock) -> None:
    gold = await early.tier(ends_on=clock.now().date())
    await early.windows(EventWindow(clock.now() - MINUTE, 4, [gold.id]))
    unpaid, cancelled, over = [
        await early.system.fan(f"{name}@example.org") for name in ("unpaid", "cancelled", "over")
    ]
    _, payment_id = await early.asked(unpaid, gold)
    assert code(await hold(unpaid)) == "sale_not_open"
    await early.system.news(payment_id)  # bought during the window: it opens at once
    assert (await hold(unpaid)).status_code == 201
    begun = await early.joined(cancelled, gold)
    async with early.system.db.transaction() as conn:
        cancelled_one = await members.cancel(conn, UUID(begun["id"]), "moved away", None, who=None, now=clock.now())
    assert not isinstance(cancelled_one, Refused), cancelled_one
    assert code(await hold(cancelled)) == "sale_not_open"
    await early.joined(over, gold)
    await postpone(early.system, timedelta(days=7))
    assert (await hold(over)).status_code == 201  # postponed: the windows stay as they are
    clock.advance(timedelta(days=2))
    over = await early.system.fan("over@example.org")
    assert code(await hold(over)) == "sale_not_open"


async def postpone(system: System, by: timedelta) -> None:
    """Move the event and its public sale to a later time."""
    times = ("doors_at", "starts_at", "ends_at", "sale_opens_at", "sale_closes_at")
    async with system.db.transaction() as conn:
        found = await event(conn, system.event_id)
        assert found is not None
        later = replace(content_of(found), **{name: getattr(found, name) + by for name in times})
        moved = await amend(conn, system.event_id, later, None, system.clock.now())
    assert not isinstance(moved, Refused), moved
    system.forget()


async def test_windows_are_read_once_per_batch_and_not_at_all_once_the_public_sale_is_open(
    early: Club, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = await early.tier()
    await early.windows(EventWindow(clock.now() - MINUTE, 4, [gold.id]))
    member = await early.system.fan()
    await early.joined(member, gold)
    asked: list[int] = []
    service = early.system.order_service
    windows = service._members_windows  # noqa: SLF001 - counted here
    assert windows is not None

    async def counted(conn: Any, event_ids: Any, fan_ids: Any, now: Any) -> Any:
        asked.append(len(fan_ids))
        return await windows(conn, event_ids, fan_ids, now)

    monkeypatch.setattr(service, "_members_windows", counted)
    assert (await hold(member)).status_code == 201
    assert asked == [1]
    clock.advance(2 * HOUR)
    member = await early.system.fan()
    assert (await hold(member)).status_code == 201
    assert asked == [1]


async def test_seats_are_proposed_to_a_member_in_their_window_and_to_no_other(early: Club) -> None:
    gold = await early.tier()
    await early.windows(EventWindow(early.system.clock.now() - MINUTE, 4, [gold.id]))
    member, stranger = await early.system.fan(), await early.system.fan("stranger@example.org")
    await early.joined(member, gold)
    body = {"kind": "best", "party": {"full": 2}}
    path = f"/api/events/{early.system.event_id}/proposal"
    assert (await member.ask("POST", path, body)).status_code == 200
    assert code(await stranger.ask("POST", path, body)) == "sale_not_open"


async def test_the_page_of_an_event_gets_its_windows_and_mine(early: Club) -> None:
    now = early.system.clock.now()
    gold = await early.tier(window_tickets=1)
    await early.windows(EventWindow(now - MINUTE, 4, [gold.id]))
    member, path = await early.system.fan(), f"/api/events/{early.system.event_id}/windows"
    await early.joined(member, gold)
    mine, public = (await member.ask("GET", path)).json(), (await early.system.browser().ask("GET", path)).json()
    assert (mine["tickets_max"], [window["tickets_max"] for window in mine["mine"]]) == (1, [1])
    assert (public["tickets_max"], public["mine"], len(public["windows"])) == (None, [], 1)
    assert (await member.ask("GET", f"/api/events/{new_id()}/windows")).status_code == 404


async def test_the_office_sets_windows_of_its_tiers_before_the_public_sale(early: Club) -> None:
    now = early.system.clock.now()
    gold = await early.tier()
    office, path = await early.office(), f"/api/office/events/{early.system.event_id}/windows"

    def body(opens_at: Any, tier_id: Any = gold.id, revision: int = 0) -> dict[str, Any]:
        window = {"opens_at": opens_at.isoformat(), "tickets_max": 4, "tier_ids": [str(tier_id)]}
        return {"windows": [window], "revision": revision}

    assert code(await office.ask("PUT", path, body(now + HOUR))) == "window_after_sale"
    assert code(await office.ask("PUT", path, body(now, new_id()))) == "unknown_tier"
    stored = await office.ask("PUT", path, body(now))
    assert (stored.status_code, stored.json()["revision"]) == (200, 1)
    assert (await office.ask("PUT", path, body(now))).json() == stored.json()  # repeated
    assert code(await office.ask("PUT", path, body(now + MINUTE))) == "changed_meanwhile"
    assert (await office.ask("PUT", path, body(now + MINUTE, revision=1))).json()["revision"] == 2
    other = await early.system.staff(Grant("programme", "organiser", new_id()), email="other@example.org")
    assert (await other.ask("PUT", path, body(now))).status_code == 404


async def test_a_tier_changes_at_the_revision_that_was_seen_and_keeps_its_term_once_it_has_members(club: Club) -> None:
    tier, office = await club.tier(), await club.office()
    path = f"/api/office/membership/tiers/{tier.id}"
    body = {
        "organiser_id": str(club.organiser_id),
        "name": {"fr": "Or", "en": "Gold", "de": "Gold"},
        "price_cents": 3500,
        "vat_permille": 200,
        "starts_on": TERM["starts_on"].isoformat(),
        "ends_on": TERM["ends_on"].isoformat(),
    }
    assert code(await office.ask("PUT", path, body)) == "changed_meanwhile"
    changed = await office.ask("PUT", path, body | {"revision": 1})
    assert (changed.json()["price_cents"], changed.json()["revision"]) == (3500, 2)
    assert code(await office.ask("PUT", path, body | {"revision": 2, "name": {"fr": "Or"}})) == "invalid_input"
    await club.tier(tier.id, 2)
    await club.joined(await club.system.fan(), tier)
    refused = await office.ask("PUT", path, body | {"revision": 3, "ends_on": "2026-07-31"})
    assert code(refused) == "tier_has_members"
    (shown,) = (await office.ask("GET", "/api/office/membership/tiers")).json()
    assert (shown["counts"]["active"], shown["term_is_fixed"]) == (1, True)
