"""Needs of access in the relocation round: stored with consent, met first, shown to their person alone, not kept."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sale.seasons.conftest import Club, places
from tests.sale.seasons.test_relocating import SEATS, SEED, blue, by_id, sales_of, seated
from tests.sale.ticketing.conftest import BLUE, BLUE_BLOCK, GOLD, GOLD_BLOCK, Box, block_seats
from tests.sale.ticketing.test_rules import GROUND, a_sale
from virage.platform.values.refusals import Refused
from virage.sale.seasons.acts import holders
from virage.sale.seasons.reads.fans import export
from virage.sale.seasons.rules.relocation import Seeker, relocate
from virage.sale.ticketing.rules.plan import EASY_ACCESS, GUIDE_DOG, WHEELCHAIR
from virage.sale.ticketing.types import Assigned, OpenSale, SeatNeed, SeatWish, Tariff, search_for, wished_seats

ADULT, CHILD, REDUCED, ACCESS, BESIDE = Tariff.FULL, Tariff.CHILD, Tariff.REDUCED, Tariff.ACCESS, Tariff.COMPANION
TO_BLUE, TO_GOLD = SeatWish(BLUE), SeatWish(GOLD)
IN_BLUE = range(blue(1)[0], blue(1)[0] + len(block_seats(BLUE_BLOCK)))
DOGS = [seat for seat in SEATS if GROUND.features[seat] & GUIDE_DOG]
CONSENT: dict[str, Any] = {"needs_consent": True}


def seeker(
    number: int,
    *wishes: SeatWish,
    years: int = 1,
    seats: list[list[Assigned]],
    wheelchairs: int = 0,
    needs: tuple[SeatNeed, ...] = (),
) -> Seeker:
    return Seeker(UUID(int=number), years, list(wishes), seats, wheelchairs, list(needs))


@pytest.mark.parametrize(
    ("tariffs", "wheelchairs", "becomes"),
    [
        ([ADULT], 1, [ACCESS]),
        ([ADULT, ADULT], 1, [ACCESS, BESIDE]),
        ([ADULT, ADULT], 2, [ACCESS, ACCESS]),
        ([ADULT, ADULT, CHILD], 1, [ACCESS, BESIDE, CHILD]),
        ([ADULT, REDUCED, CHILD], 1, [ACCESS, BESIDE, CHILD]),
        ([ADULT, CHILD], 1, [ACCESS, BESIDE]),
        ([ACCESS, BESIDE], 1, [ACCESS, BESIDE]),
        ([ACCESS, BESIDE], 2, [ACCESS, ACCESS]),
        ([ACCESS, ACCESS], 1, [ACCESS, ACCESS]),
        ([ACCESS, ADULT, REDUCED], 1, [ACCESS, BESIDE, REDUCED]),
        ([ADULT, ADULT], 3, [ACCESS, ACCESS]),
        ([ADULT, REDUCED, CHILD], 0, [ADULT, CHILD, REDUCED]),
    ],
)
def test_people_in_a_wheelchair_get_the_access_tariff_and_others_go_beside_them(
    tariffs: list[Tariff], wheelchairs: int, becomes: list[Tariff]
) -> None:
    party = [Assigned(seat, tariff) for seat, tariff in zip(blue(len(tariffs)), tariffs, strict=True)]
    asked = search_for(GROUND, party, wheelchairs, ["quiet"])
    assert asked.party.tariffs() == becomes
    assert asked.party.size == len(tariffs)
    assert asked.needs == (("wheelchair", "quiet") if wheelchairs else ("quiet",))


def test_a_holder_who_now_uses_a_wheelchair_gets_a_space_with_a_companion_seat() -> None:
    (found,) = relocate([a_sale() for _ in range(3)], [seeker(1, TO_GOLD, seats=seated(*blue(2)), wheelchairs=1)], SEED)
    assert found.answers == ["met"]
    assert found.places is not None
    space, beside = found.places
    assert (space.tariff, beside.tariff) == (ACCESS, BESIDE)
    assert GROUND.features[space.place] & WHEELCHAIR
    assert abs(space.place - beside.place) == 1


@pytest.mark.parametrize("wish", [TO_GOLD, SeatWish(), SeatWish(near="aisle"), SeatWish(block=GOLD_BLOCK)])
@pytest.mark.parametrize("needs", [("easy_access",), ("guide_dog",)])
def test_the_seats_have_the_features_that_the_party_needs(wish: SeatWish, needs: tuple[SeatNeed, ...]) -> None:
    sales = [a_sale() for _ in range(3)]
    party = seated(*blue(3), tariffs=(ADULT, ACCESS, BESIDE))
    (found,) = relocate(sales, [seeker(1, wish, seats=party, needs=needs)], SEED)
    assert found.answers == ["met"]
    assert found.places is not None
    bit = EASY_ACCESS if needs == ("easy_access",) else GUIDE_DOG
    assert [one.tariff for one in found.places if GROUND.features[one.place] & bit and one.tariff is ACCESS] == [ACCESS]


def test_a_place_near_the_front_that_lacks_what_the_party_needs_is_not_given() -> None:
    sales = [a_sale() for _ in range(3)]
    plan = sales[0].inventory.plan
    rows = -(-len(GROUND.blocks[GROUND.block_index[GOLD_BLOCK]].rows) // 3)
    at_front = [seat for seat in DOGS if plan.row[plan.segment_of[seat]] < rows]
    for sale in sales:
        sale.inventory.hold(at_front)
    wish = SeatWish(block=GOLD_BLOCK, near="front")
    (found,) = relocate(sales, [seeker(1, wish, seats=seated(*blue(1)), needs=("guide_dog",))], SEED)
    assert found.answers == ["no_seats"]
    (quiet,) = relocate(sales, [seeker(1, wish, seats=seated(*blue(1)), needs=("quiet",))], SEED)
    assert quiet.answers == ["no_seats"], "no seat of this block is quiet"
    (both,) = relocate(sales, [seeker(1, wish, seats=seated(*blue(1)), needs=("quiet", "guide_dog"))], SEED)
    assert both.answers == ["no_seats"], "no seat of this venue has both"


@pytest.mark.parametrize("near", [None, "front", "aisle"])
def test_the_person_with_the_access_tariff_has_the_seat_with_the_feature(near: Any) -> None:
    sales, last_of_row = sales_of(), DOGS[1]
    for sale in sales:
        sale.inventory.release([last_of_row - 1, last_of_row])
    party = seated(*blue(2), tariffs=(ACCESS, BESIDE))
    (found,) = relocate(sales, [seeker(1, SeatWish(GOLD, near=near), seats=party, needs=("guide_dog",))], SEED)
    assert found.places == [Assigned(last_of_row, ACCESS), Assigned(last_of_row - 1, BESIDE)]


def test_parties_with_needs_get_seats_first_and_the_order_that_is_shown_is_that_of_the_years() -> None:
    sales = sales_of()
    for sale in sales:
        sale.inventory.release(DOGS[:1])
    old = seeker(1, TO_GOLD, years=9, seats=seated(blue(1)[0]))
    dog = seeker(2, TO_GOLD, seats=seated(blue(1, 1)[0]), needs=("guide_dog",))
    found = by_id(relocate(sales, [old, dog], SEED))
    assert (found[1].number, found[1].turn, found[1].answers) == (1, 2, ["no_seats"])
    assert (found[2].number, found[2].turn, found[2].answers) == (2, 1, ["met"])
    assert [one.place for one in found[2].places or ()] == DOGS[:1]


def test_without_needs_seats_are_given_in_the_order_of_the_years() -> None:
    seekers = [seeker(number, TO_GOLD, years=1 + number % 3, seats=seated(blue(1, number)[0])) for number in range(9)]
    found = relocate(sales_of(4), seekers, SEED)
    assert [one.turn for one in found] == [one.number for one in found] == list(range(1, 10))


def test_a_seat_that_is_left_goes_to_the_party_that_waits_for_its_feature_before_others() -> None:
    sales = sales_of()
    for sale in sales:
        sale.inventory.hold(IN_BLUE)
        sale.inventory.release(blue(1))
    leaves = seeker(1, TO_BLUE, years=9, seats=seated(DOGS[0]))
    other = seeker(2, TO_GOLD, years=5, seats=seated(blue(1, 1)[0]))
    dog = seeker(3, TO_GOLD, years=1, seats=seated(blue(1, 2)[0]), needs=("guide_dog",))
    found = by_id(relocate(sales, [leaves, other, dog], SEED))
    assert [found[number].answers for number in (1, 2, 3)] == [["met"], ["no_seats"], ["met"]]
    assert [one.place for one in found[3].places or ()] == [DOGS[0]]
    assert [found[number].number for number in (1, 2, 3)] == [1, 2, 3]
    assert found[1].turn < found[3].turn < found[2].turn, "seats are moved in the order of the turns"


def test_a_space_that_is_left_goes_to_the_party_with_a_wheelchair_that_waits() -> None:
    sales = sales_of()
    space = next(seat for seat in SEATS if GROUND.features[seat] & WHEELCHAIR)
    pair = next(seat for seat in (space - 1, space + 1) if GROUND.features[seat] & 2)
    for sale in sales:
        sale.inventory.hold(IN_BLUE)
        sale.inventory.release(seat for seat in IN_BLUE if GROUND.features[seat] & 3)
    leaves = seeker(1, TO_BLUE, years=9, seats=seated(space, pair, tariffs=(ACCESS, BESIDE)))
    waits = seeker(2, TO_GOLD, years=10, seats=seated(*blue(2)), wheelchairs=1)
    found = by_id(relocate(sales, [leaves, waits], SEED))
    assert [found[number].answers for number in (1, 2)] == [["met"], ["met"]]
    assert {one.place for one in found[2].places or ()} == {space, pair}


@pytest.mark.parametrize(("dog", "beside"), [(DOGS[1], DOGS[1] - 1), (DOGS[2], DOGS[2] + 1)])
def test_an_ordinary_seat_that_is_left_beside_one_with_the_feature_helps_the_party_that_waits(
    dog: int, beside: int
) -> None:
    sales = sales_of()
    for sale in sales:
        sale.inventory.hold(IN_BLUE)
        sale.inventory.release([*blue(1), dog])
    leaves = seeker(1, TO_BLUE, seats=seated(beside))
    waits = seeker(2, TO_GOLD, seats=seated(*blue(2, 1)), needs=("guide_dog",))
    found = by_id(relocate(sales, [leaves, waits], SEED))
    assert [found[number].answers for number in (1, 2)] == [["met"], ["met"]]
    assert {one.place for one in found[2].places or ()} == {dog, beside}


def test_an_ordinary_seat_that_is_left_helps_the_third_person_of_a_party_with_a_wheelchair() -> None:
    sales = sales_of()
    ordinary = next(seat for seat in reversed(SEATS) if not GROUND.features[seat])
    for sale in sales:
        sale.inventory.hold(IN_BLUE)
        sale.inventory.release([*blue(1), *(seat for seat in SEATS if GROUND.features[seat] & 3)])
    leaves = seeker(1, TO_BLUE, seats=seated(ordinary))
    waits = seeker(2, TO_GOLD, seats=seated(*blue(3, 1)), wheelchairs=1)
    found = by_id(relocate(sales, [leaves, waits], SEED))
    assert [found[number].answers for number in (1, 2)] == [["met"], ["met"]]
    assert ordinary in {one.place for one in found[2].places or ()}


WISHES = st.lists(
    st.sampled_from([TO_BLUE, TO_GOLD, SeatWish(), SeatWish(GOLD, near="aisle"), SeatWish(BLUE, near="front")]),
    min_size=1,
    max_size=3,
)
NEEDS = st.sampled_from(
    [
        (0, ()),
        (0, ()),
        (0, ("guide_dog",)),
        (0, ("easy_access",)),
        (0, ("quiet", "guide_dog")),
        (1, ()),
        (1, ("hearing_loop",)),
    ]
)
PARTIES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), WISHES, NEEDS), min_size=2, max_size=12)


def a_round(seed: int, parties: list[Any], share: float) -> tuple[OpenSale, list[Seeker]]:
    """An event with few free places in the two categories, and parties that have ordinary or guide dog seats of it."""
    chance, sale = Random(seed), a_sale()  # noqa: S311 - a crowd needs no secrecy
    sale.inventory.hold(place for place in (*SEATS, *IN_BLUE) if chance.random() >= share)
    own = iter(DOGS + [seat for seat in IN_BLUE if not GROUND.features[seat] & 3])
    seekers = []
    for number, (size, years, wishes, (wheelchairs, needs)) in enumerate(parties):
        seats = [next(own) for _ in range(size)]
        sale.inventory.hold(seats)
        tariffs = [Assigned(seat, ADULT) for seat in seats]
        seekers.append(Seeker(UUID(int=number), years, wishes, [tariffs], min(wheelchairs, size), list(needs)))
    return sale, seekers


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), PARTIES, st.sampled_from([0.0, 0.005, 0.02, 0.2]))
def test_no_party_without_needs_has_its_turn_while_one_with_needs_could_have_seats(
    seed: int, parties: list[Any], share: float
) -> None:
    sale, seekers = a_round(seed, parties, share)
    found = relocate([sale], seekers, SEED)
    assert found == relocate([a_round(seed, parties, share)[0]], seekers[::-1], SEED), "the same seed, the same result"
    assert len({one.turn for one in found}) == len(found)
    sale, _ = a_round(seed, parties, share)
    asked = {one.id: search_for(GROUND, one.seats[0], one.wheelchairs, one.needs) for one in seekers}
    by_seeker = {one.id: one for one in seekers}
    waiting = {one.id for one in seekers if asked[one.id].needs}
    for outcome in sorted(found, key=lambda one: one.turn):
        if not asked[outcome.id].needs:
            for id_ in waiting:
                seats = [wished_seats(sale, asked[id_], wish) for wish in by_seeker[id_].wishes]
                assert all(isinstance(one, Refused) for one in seats)
        if outcome.places is None:
            continue
        waiting.discard(outcome.id)
        taken = [one.place for one in outcome.places]
        assert len(set(taken)) == len(by_seeker[outcome.id].seats[0])
        assert sorted(sale.inventory.hold(taken)) == sorted(taken), "only free places are given"
        sale.inventory.release(one.place for one in by_seeker[outcome.id].seats[0])


async def ask(club: Club, fan: Box, *wishes: dict[str, Any], **needs: Any) -> Any:
    """Replace the wishes and needs of a fan's renewal."""
    renewal = await club.renewal(fan)
    body = {"wishes": list(wishes)} | needs
    return await fan.ask("PUT", f"/api/renewals/{renewal['id']}/wishes", body)


async def kept(club: Club) -> list[tuple[int, list[str]]]:
    """The needs of all renewals as they are stored."""
    return [tuple(row) for row in await club.system.rows("select wheelchairs, needs from seasons.renewal order by id")]


ANY: dict[str, Any] = {}


@pytest.mark.parametrize("needs", [{"wheelchairs": 1}, {"needs": ["guide_dog"]}])
async def test_needs_are_stored_only_with_consent_and_a_wish(club: Club, needs: dict[str, Any]) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    for answer, field in (
        (await ask(club, fan, ANY, **needs), "needs_consent"),
        (await ask(club, fan, **needs, **CONSENT), "wishes"),
        (await ask(club, fan, ANY, wheelchairs=3, **CONSENT), "wheelchairs"),
    ):
        assert answer.json()["code"] == "invalid_input", answer.text
        assert f'"{field}"' in answer.text
    assert await kept(club) == [(0, [])]
    answer = await ask(club, fan, ANY, **needs, **CONSENT)
    assert answer.status_code == 200, answer.text
    stored = {"wheelchairs": 0, "needs": []} | needs
    assert {key: answer.json()[key] for key in stored} == stored
    assert await kept(club) == [(stored["wheelchairs"], stored["needs"])]
    assert (await ask(club, fan, ANY)).status_code == 200
    assert await kept(club) == [(0, [])]
    await ask(club, fan, ANY, **needs, **CONSENT)
    assert (await ask(club, fan)).status_code == 200
    assert await kept(club) == [(0, [])], "deleted with the wishes"


async def test_a_holder_is_moved_to_a_wheelchair_space_at_every_match_at_the_access_price(club: Club) -> None:
    fan, _ = await club.holder("chair@example.org")
    await club.start()
    assert (await ask(club, fan, {"category_id": str(BLUE)}, wheelchairs=1, **CONSENT)).status_code == 200
    await club.relocate()
    renewal = await club.renewal(fan)
    assert (renewal["moved"], renewal["wishes"][0]["answer"]) == (True, "met")
    assert (renewal["wheelchairs"], renewal["needs"]) == (1, []), "shown with the outcome until the end"
    events = renewal["subscription"]["events"]
    assert [[line["tariff"] for line in one["order"]["lines"]] for one in events] == [["access", "companion"]] * 3
    assert len({tuple(one) for one in places(renewal)}) == 1
    assert [line["price_cents"] for line in events[0]["order"]["lines"]] == [1500 * 4 // 5, 0]
    assert GROUND.features[events[0]["order"]["lines"][0]["place"]] & WHEELCHAIR


async def test_seats_that_one_leaves_are_moved_before_those_of_the_party_that_waited_for_them(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("virage.sale.seasons.acts.relocating.MOVED_AT_ONCE", 1)
    leaves, _ = await club.holder("leaves@example.org", DOGS[:1])
    waits, _ = await club.holder("dog@example.org", list(block_seats(GOLD_BLOCK)[40:41]))
    ordinary = [seat for seat in block_seats(BLUE_BLOCK) if not GROUND.features[seat] & 3]
    for event_id in club.following.events:
        taken = {*DOGS[1:], *block_seats(BLUE_BLOCK)} - set(ordinary[:1])
        await club.sold(event_id, *taken)
    await club.start()
    await ask(club, leaves, {"category_id": str(BLUE)})
    await ask(club, waits, {"category_id": str(GOLD)}, needs=["guide_dog"], **CONSENT)
    async with club.system.db.transaction() as conn:
        await conn.execute("update seasons.renewal set years = 5 where needs <> '{}'")
    await club.relocate()
    assert (await club.renewal(waits))["number"] == 1
    assert await club.system.rows("select from seasons.renewal where turn is not null") == []
    assert [places(await club.renewal(fan)) for fan in (leaves, waits)] == [[ordinary[:1]] * 3, [DOGS[:1]] * 3]


async def test_the_office_does_not_learn_needs_and_their_person_exports_them(club: Club) -> None:
    fan, _ = await club.holder("dog@example.org")
    other, _ = await club.holder("other@example.org")
    office = await club.start()
    await ask(club, fan, ANY, needs=["guide_dog"], **CONSENT)
    await ask(club, other, {"category_id": str(GOLD)})
    club.clock.advance(timedelta(hours=11))
    seen = [str(await club.preview(office))]
    club.clock.advance(-timedelta(hours=11))
    await club.relocate()
    office = await club.last.office()
    for path in ("", f"/{club.campaign_id}/renewals", f"/{club.campaign_id}/round.csv"):
        answer = await office.ask("GET", f"/api/office/seasons{path}")
        assert answer.status_code == 200, (path, answer.text)
        seen.append(answer.text)
    seen += [row["data"] for row in await club.system.rows("select data::text from kernel.journal")]
    assert not [text for text in seen if "guide_dog" in text or "needs" in text or "turn" in text]
    ((person_id,),) = await club.system.rows("select id from people.person where email = 'dog@example.org'")
    async with club.system.db.connection() as conn:
        (exported,) = await export(conn, person_id)
    assert (exported["wheelchairs"], exported["needs"]) == (0, ["guide_dog"])


async def _declines(club: Club, fan: Box) -> None:
    renewal = await club.renewal(fan)
    assert (await fan.ask("DELETE", f"/api/renewals/{renewal['id']}")).status_code == 204


async def _is_erased(club: Club, fan: Box) -> None:
    ((person_id,),) = await club.system.rows("select id from people.person where email = 'fan@example.org'")
    async with club.system.db.transaction() as conn:
        assert await holders.erased(conn, person_id, club.clock.now()) is None


async def _pays_before_the_round(club: Club, fan: Box) -> None:
    await club.following.pay(fan, (await club.renewal(fan))["subscription"], payment_id := UUID(int=7))
    await club.system.news(payment_id)
    await club.relocate()


async def _has_a_campaign_without_a_round(club: Club, fan: Box) -> None:
    club.clock.advance(timedelta(hours=20))
    await club.run()


async def _is_moved_and_the_campaign_ends(club: Club, fan: Box) -> None:
    await club.relocate()
    await club.run()
    assert await kept(club) == [(1, ["hearing_loop"])]
    assert (await club.renewal(fan))["moved"]
    club.clock.advance(timedelta(hours=9))
    await club.run()


@pytest.mark.parametrize(
    "ends",
    [
        _declines,
        _is_erased,
        _pays_before_the_round,
        _has_a_campaign_without_a_round,
        _is_moved_and_the_campaign_ends,
    ],
)
async def test_needs_are_not_kept_after_the_end(club: Club, ends: Callable[[Club, Box], Awaitable[None]]) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    answer = await ask(club, fan, {"category_id": str(BLUE)}, wheelchairs=1, needs=["hearing_loop"], **CONSENT)
    assert answer.status_code == 200, answer.text
    await ends(club, fan)
    assert await kept(club) == [(0, [])]


async def test_the_office_still_sees_a_renewal_of_the_round_whose_person_was_erased(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    await ask(club, fan, {"category_id": str(BLUE)})
    await club.relocate()
    await _is_erased(club, fan)
    office = await club.last.office()
    answer = await office.ask("GET", f"/api/office/seasons/{club.campaign_id}/renewals")
    assert answer.status_code == 200, answer.text
    assert [(one["name"], one["wishes"]) for one in answer.json()["renewals"]] == [(None, [])]
