"""Needs of access in a draw: stored with consent, met if seats have them, told, never published, and not kept."""

from collections.abc import Awaitable, Callable
from functools import cache
from random import Random
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sale.draws.conftest import BLUE, CLOSES, GOLD, HOUR, Lottery
from tests.sale.draws.files import code
from tests.sale.draws.test_running import erase
from tests.sale.ticketing.conftest import a_pricing
from virage.demo.venues.drawing import stadium
from virage.identity.people.types import Email, EmailKind
from virage.platform.values.ids import new_id
from virage.sale.draws.reads.emails import draw_email
from virage.sale.draws.reads.fans import export
from virage.sale.draws.rules.seating import Seating, seats_for
from virage.sale.draws.rules.terms import SEAT_NEEDS, EntryRow
from virage.sale.ticketing.acts.holding import expire
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.places import seat_plan
from virage.sale.ticketing.rules.plan import NEED_BITS, SeatPlan, category_by_place
from virage.sale.ticketing.types import OpenSale, Party, SeatNeed, Tariff

CONSENT: dict[str, Any] = {"needs_consent": True}


async def kept(lottery: Lottery) -> list[tuple[list[str], list[str] | None]]:
    """The needs of all entries as they are stored."""
    return [tuple(row) for row in await lottery.system.rows("select needs, unmet from draws.entry")]


async def bits_of(lottery: Lottery, order_id: str) -> int:
    """The features that some place of an order has."""
    found = 0
    for row in await lottery.system.rows(
        "select unnest(places) as place from ticketing.orders where id = $1", order_id
    ):
        found |= int(stadium().features[row["place"]])
    return found


CHAIR: dict[str, Any] = {"party": {"access": 1}, "wheelchair": True}


async def test_a_wheelchair_is_stored_only_with_the_same_consent(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 1))
    fan = await lottery.fan("fan@example.org")
    refused = await lottery.ask(fan, **CHAIR)
    assert refused.json()["code"] == "invalid_input", refused.text
    assert "needs_consent" in refused.text
    assert await kept(lottery) == []
    granted = await lottery.ask(fan, **CHAIR, **CONSENT)
    assert granted.status_code == 200, granted.text
    assert granted.json()["draw"]["mine"]["wheelchair"] is True


async def test_needs_are_stored_only_with_consent_to_it(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0))
    fan = await lottery.fan("fan@example.org")
    refused = await lottery.ask(fan, needs=["quiet"])
    assert refused.json()["code"] == "invalid_input", refused.text
    assert "needs_consent" in refused.text
    assert await kept(lottery) == []
    granted = await lottery.ask(fan, needs=["quiet", "easy_access", "quiet"], **CONSENT)
    assert granted.status_code == 200, granted.text
    mine = granted.json()["draw"]["mine"]
    assert (mine["needs"], mine["unmet"]) == (["easy_access", "quiet"], None)
    changed = await lottery.ask(fan)
    assert changed.json()["draw"]["mine"]["needs"] == []
    assert await kept(lottery) == [([], None)]


async def test_a_winner_gets_seats_that_meet_the_needs(lottery: Lottery) -> None:
    await lottery.opened((BLUE, 40, 0))
    others = [await lottery.entered(f"fan{number}@example.org", [BLUE], party={"full": 4}) for number in range(8)]
    fan = await lottery.entered("dog@example.org", [BLUE], needs=["hearing_loop", "guide_dog"], **CONSENT)
    await lottery.drawn()
    mine = await lottery.mine(fan)
    assert (mine["state"], mine["unmet"]) == ("paid", [])
    wanted = NEED_BITS["hearing_loop"] | NEED_BITS["guide_dog"]
    assert await bits_of(lottery, mine["order_id"]) & wanted == wanted
    assert {(await lottery.mine(other))["state"] for other in others} == {"paid"}


async def test_needs_that_no_seat_of_the_category_meets_are_named_and_the_others_are_met(lottery: Lottery) -> None:
    await lottery.opened((BLUE, 4, 0))
    fan = await lottery.entered("dog@example.org", [BLUE], needs=["guide_dog", "quiet", "sign_language"], **CONSENT)
    await lottery.drawn()
    mine = await lottery.mine(fan)
    assert (mine["state"], mine["unmet"]) == ("paid", ["sign_language", "quiet"])
    assert await bits_of(lottery, mine["order_id"]) & NEED_BITS["guide_dog"]


async def test_winners_with_needs_are_seated_before_those_who_would_take_their_seats(lottery: Lottery) -> None:
    await lottery.opened((BLUE, 40, 0))
    for number in range(4):
        await lottery.entered(f"fan{number}@example.org", [BLUE], party={"full": 4})
    await lottery.entered("dog@example.org", [BLUE], party={"full": 1}, needs=["guide_dog"], **CONSENT)
    await lottery.drawn()
    seated = await lottery.system.rows(
        "select size from kernel.journal join draws.entry on entry.id = journal.about"
        " where what = 'draw_entry_seated' order by seq"
    )
    assert [row["size"] for row in seated] == [1, 4, 4, 4, 4]


async def test_the_email_says_what_the_seats_have_and_what_they_lack(lottery: Lottery) -> None:
    await lottery.opened((BLUE, 4, 0))
    await lottery.entered("dog@example.org", [BLUE], needs=["guide_dog", "quiet"], **CONSENT)
    await lottery.drawn()
    ((entry_id,),) = await lottery.system.rows("select id from draws.entry")
    email = Email(
        id=new_id(),
        kind=EmailKind.DRAW_WON,
        subject_id=entry_id,
        about_id=entry_id,
        person_id=None,
        locale="en",
        to="dog@example.org",
        secret={},
        was_at=None,
        expires_at=None,
        blocked=False,
    )
    async with lottery.system.db.connection() as conn:
        content = await draw_email(conn, email)
    assert content is not None
    assert (content.values["met"], content.values["unmet"]) == (["guide_dog"], ["quiet"])


async def test_needs_are_in_the_export_of_their_person_and_nowhere_else(lottery: Lottery) -> None:
    await lottery.opened((BLUE, 4, 0))
    await lottery.entered("dog@example.org", [BLUE], needs=["guide_dog"], **CONSENT)
    await lottery.drawn()
    seen = [(await lottery.file(name)).text for name in ("draw.json", "entries.jsonl", "results.jsonl", "log.jsonl")]
    office = await lottery.office()
    for path in (lottery.office_path, f"{lottery.office_path}/entries", f"{lottery.office_path}/entries.csv"):
        answer = await office.ask("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        seen.append(answer.text)
    seen += [row["data"] for row in await lottery.system.rows("select data::text from kernel.journal")]
    seen.append(str(await lottery.public()))
    assert not [text for text in seen if "guide_dog" in text]
    ((person_id,),) = await lottery.system.rows("select id from people.person where email = 'dog@example.org'")
    async with lottery.system.db.connection() as conn:
        (exported,) = await export(conn, person_id)
    assert (exported["needs"], exported["unmet"]) == (["guide_dog"], [])


async def _withdraws(lottery: Lottery) -> None:
    fan = await lottery.fan("dog@example.org")
    assert (await fan.box.ask("DELETE", f"{lottery.path}/entry")).status_code == 204


async def _is_erased(lottery: Lottery) -> None:
    await lottery.run()
    lottery.clock.advance(HOUR)
    await lottery.run()
    await erase(lottery, "dog@example.org")


async def _does_not_win_until_the_end(lottery: Lottery) -> None:
    await lottery.drawn()
    lottery.clock.advance(80 * HOUR)
    await lottery.run()


async def _is_cancelled(lottery: Lottery) -> None:
    assert (await lottery.step("cancel")).status_code == 200


WHEELCHAIRS = "select from draws.entry where wheelchair"


@pytest.mark.parametrize("ends", [_withdraws, _is_erased, _does_not_win_until_the_end, _is_cancelled])
async def test_needs_are_not_kept_after_the_end_of_an_entry(
    lottery: Lottery, ends: Callable[[Lottery], Awaitable[None]]
) -> None:
    await lottery.opened((GOLD, 1, 0))
    await lottery.entered("dog@example.org", needs=["guide_dog"], **CHAIR, **CONSENT)
    assert await kept(lottery) == [(["guide_dog"], None)]
    assert len(await lottery.system.rows(WHEELCHAIRS)) == 1
    await ends(lottery)
    assert [needs for needs, _ in await kept(lottery) if needs] == []
    assert await lottery.system.rows(WHEELCHAIRS) == []


async def test_needs_of_an_entry_without_a_saved_card_end_at_the_freeze(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0))
    fan = await lottery.fan("dog@example.org")
    await lottery.ask(fan, needs=["guide_dog"], **CHAIR, **CONSENT)
    lottery.clock.set(CLOSES)
    await lottery.run()
    assert await kept(lottery) == [([], None)]
    assert await lottery.system.rows(WHEELCHAIRS) == []
    mine = await lottery.mine(fan)
    assert (mine["needs_deleted"], mine["needs_deleted_at"]) == (True, None)


async def test_needs_of_a_winner_end_with_the_time_to_pay_and_those_of_a_paid_one_with_the_draw(
    lottery: Lottery,
) -> None:
    await lottery.opened((GOLD, 4, 0))
    paid = await lottery.entered("paid@example.org", needs=["guide_dog"], **CONSENT)
    late = await lottery.entered("late@example.org", needs=["guide_dog"], declines="card_declined", **CONSENT)
    await lottery.drawn()
    assert (await lottery.mine(late))["unmet"] == []
    lottery.clock.advance(60 * HOUR)
    async with lottery.system.db.transaction() as conn:
        await expire(conn, lottery.clock.now(), 100, everything=True)
    await lottery.run()
    assert ((await lottery.mine(late))["needs"], (await lottery.mine(late))["unmet"]) == ([], None)
    assert (await lottery.mine(late))["needs_deleted"] is True
    assert (await lottery.mine(paid))["needs"] == ["guide_dog"]
    assert (await lottery.mine(paid))["needs_deleted"] is False
    lottery.clock.advance(20 * HOUR)
    await lottery.run()
    await lottery.run()
    assert await kept(lottery) == [([], None), ([], None)]
    mine = await lottery.mine(paid)
    assert mine["needs_deleted"] is True
    assert mine["needs_deleted_at"] == lottery.clock.now().isoformat().replace("+00:00", "Z")
    assert (await lottery.mine(late))["needs_deleted_at"] is None, "its needs were deleted with the time to pay"


async def test_a_wheelchair_is_not_kept_when_the_time_to_pay_is_over(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 0, 1), (BLUE, 0, None))
    offered = {one["category_id"]: one["free_spaces"] for one in (await lottery.seen_by_office())["categories"]}
    category = GOLD if offered[str(GOLD)] else BLUE
    fan = await lottery.entered("chair@example.org", [category], declines="card_declined", **CHAIR, **CONSENT)
    await lottery.drawn()
    assert ((await lottery.mine(fan))["state"], (await lottery.mine(fan))["wheelchair"]) == ("to_pay", True)
    lottery.clock.advance(60 * HOUR)
    async with lottery.system.db.transaction() as conn:
        await expire(conn, lottery.clock.now(), 100, everything=True)
    await lottery.run()
    assert ((await lottery.mine(fan))["state"], await lottery.system.rows(WHEELCHAIRS)) == ("released", [])


async def test_a_wheelchair_of_a_paid_entry_is_kept_until_the_end_of_the_draw(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 0, 1), (BLUE, 0, None))
    offered = {one["category_id"]: one["free_spaces"] for one in (await lottery.seen_by_office())["categories"]}
    fan = await lottery.entered("chair@example.org", [GOLD if offered[str(GOLD)] else BLUE], **CHAIR, **CONSENT)
    await lottery.drawn()
    assert ((await lottery.mine(fan))["state"], (await lottery.mine(fan))["wheelchair"]) == ("paid", True)
    lottery.clock.advance(80 * HOUR)
    await lottery.run()
    await lottery.run()
    assert (await lottery.mine(fan))["needs_deleted_at"] is not None
    assert await lottery.system.rows(WHEELCHAIRS) == []


@cache
def plan() -> SeatPlan:
    return seat_plan(stadium())


def a_sale(taken: list[int]) -> OpenSale:
    """The two categories of the tests of ticketing, with these places of their blocks taken."""
    venue = stadium()
    blocks = {"113": GOLD, "103": BLUE}
    ranges = []
    for block_code, category in blocks.items():
        block = venue.blocks[venue.block_index[block_code]]
        ranges.append((block.first_seat, block.seat_count, category))
    inventory = SeatInventory(plan(), [GOLD, BLUE], category_by_place(venue.places, ranges, [GOLD, BLUE]))
    inventory.hold(first + number % count for first, count, _ in ranges for number in taken)
    return OpenSale(
        event=cast("Any", None),
        venue=venue,
        pricing=a_pricing(areas=[]),
        inventory=inventory,
        blocks={each: venue.block_index[each] for each in blocks},
        areas={},
        prices=[],
    )


def seated(sale: OpenSale, party: Party, needs: list[SeatNeed]) -> Seating | None:
    return seats_for(sale, BLUE, party, wheelchair=False, needs=needs)


NEEDS = st.lists(st.sampled_from(SEAT_NEEDS), max_size=4, unique=True)
PARTIES = st.builds(Party, full=st.integers(1, 2), access=st.integers(0, 1))


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]), PARTIES, NEEDS)
def test_needs_cost_no_group_its_places_and_those_that_are_met_are_features_of_one_seat(
    seed: int, share: float, party: Party, needs: list[SeatNeed]
) -> None:
    chance = Random(seed)  # noqa: S311 - a crowd needs no secrecy
    taken = [number for number in range(1_000) if chance.random() < share]
    found, without = seated(a_sale(taken), party, needs), seated(a_sale(taken), party, [])
    assert (found is None) == (without is None)
    if found is None:
        return
    assert len({seat.place for seat in found.seats}) == party.size
    assert [need for need in needs if need in found.unmet] == found.unmet
    met = sum(NEED_BITS[need] for need in needs if need not in found.unmet)
    tariffs = {seat.tariff for seat in found.seats if stadium().features[seat.place] & met == met}
    assert not met or (Tariff.ACCESS if party.access else Tariff.FULL) in tariffs


@given(st.lists(NEEDS, min_size=2, max_size=2))
def test_needs_do_not_change_the_entry_as_it_is_published_and_drawn(needs: list[list[SeatNeed]]) -> None:
    one, other = (an_entry(wanted).drawn(3) for wanted in needs)
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


def an_entry(needs: list[SeatNeed]) -> EntryRow:
    return EntryRow(
        id=UUID(int=1),
        draw_id=UUID(int=2),
        person_id=None,
        code=code(1),
        party=Party(full=1, access=1),
        wheelchair=False,
        wishes=[1],
        any_other=True,
        method_id=UUID(int=3),
        terms=None,
        state="entered",
        entered_at=CLOSES,
        confirmed_at=CLOSES,
        number=None,
        category=None,
        order_id=None,
        payment_id=None,
        pays_until=None,
        reason=None,
        size=3,
        told_at=None,
        needs=needs,
        unmet=None,
    )
