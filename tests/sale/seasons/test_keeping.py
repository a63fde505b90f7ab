"""Holders renew a part of their seats."""

from datetime import timedelta
from typing import Any

import httpx

from tests.sale.packages.conftest import PRICE
from tests.sale.seasons.conftest import Club, places
from tests.sale.ticketing.conftest import BLUE, Box
from virage.platform.values.ids import new_id


async def keep(fan: Box, renewal: dict[str, Any], kept: list[int]) -> httpx.Response:
    return await fan.ask("PUT", f"/api/renewals/{renewal['id']}/seats", {"places": kept})


def party(renewal: dict[str, Any]) -> list[int]:
    """The places of the first match, in the order of the party."""
    return [line["place"] for line in renewal["subscription"]["events"][0]["order"]["lines"]]


async def claimed(club: Club, place: int) -> int:
    rows = await club.system.rows(
        "select from ticketing.claim where place = $1 and event_id = any($2)", place, club.following.events
    )
    return len(rows)


async def test_a_holder_keeps_two_of_three_seats_at_every_match_and_pays_for_these(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", full=3)
    await club.start()
    renewal = await club.renewal(fan)
    first, left, last = party(renewal)
    answer = await keep(fan, renewal, [last, first])
    assert answer.status_code == 200, answer.text
    kept = answer.json()
    assert (kept["state"], kept["size"]) == ("open", 2)
    assert places(kept) == [[first, last]] * 3
    assert kept["subscription"]["total_cents"] == 3 * 2 * PRICE * 4 // 5
    assert kept["subscription"]["regular_cents"] == 3 * 2 * PRICE
    assert [await claimed(club, place) for place in (first, left, last)] == [3, 0, 3]
    assert (await keep(fan, renewal, [first, last])).json() == kept
    facts = await club.system.rows("select data from kernel.journal where what = 'renewal_reduced'")
    assert len(facts) == 1
    payment_id = new_id()
    assert (await club.following.pay(fan, kept["subscription"], payment_id)).status_code == 200
    await club.system.news(payment_id)
    assert places(await club.renewal(fan)) == [[first, last]] * 3
    assert (await keep(fan, renewal, [first])).json()["code"] == "renewal_closed"


async def test_the_seats_that_are_left_are_sold_to_another_fan(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", full=2)
    await club.start()
    renewal = await club.renewal(fan)
    kept, left = party(renewal)
    assert (await keep(fan, renewal, [kept])).status_code == 200
    package = await club.following.package(club.package.id, revision=club.package.revision, is_open=True)
    other = await club.system.fan("other@example.org")
    club.following.forget()
    seats = {"kind": "chosen", "places": [{"place": left, "tariff": "full"}]}
    bought = await club.following.bought(other, package, seats)
    assert places(bought) == [[left]] * 3


async def test_only_seats_of_the_renewal_are_kept_and_only_by_its_holder(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", full=2)
    await club.start()
    renewal = await club.renewal(fan)
    seats = party(renewal)
    for wrong in ([seats[0], max(seats) + 1], [-1]):
        answer = await keep(fan, renewal, wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), wrong
    assert (await keep(fan, renewal, [])).json()["code"] == "invalid"
    stranger = await club.system.fan("stranger@example.org")
    assert (await keep(stranger, renewal, seats[:1])).status_code == 404
    assert places(await club.renewal(fan)) == places(renewal)


async def test_a_companion_does_not_renew_without_the_wheelchair_space(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", access=1)
    await club.start()
    renewal = await club.renewal(fan)
    lines = renewal["subscription"]["events"][0]["order"]["lines"]
    of = {line["tariff"]: line["place"] for line in lines}
    assert (await keep(fan, renewal, [of["companion"]])).json()["code"] == "companion_needs_access"
    assert (await keep(fan, renewal, [of["access"]])).status_code == 200


async def test_a_party_without_its_child_pays_no_family_price(club: Club) -> None:
    club.package = await club.following.package(
        club.package.id, revision=club.package.revision, is_open=False, family_permille=100
    )
    fan, _ = await club.holder("fan@example.org", full=1, child=1)
    await club.start()
    renewal = await club.renewal(fan)
    lines = renewal["subscription"]["events"][0]["order"]["lines"]
    adult = next(line for line in lines if line["tariff"] == "full")
    assert adult["price_cents"] == PRICE * 72 // 100
    kept = (await keep(fan, renewal, [adult["place"]])).json()
    assert kept["subscription"]["total_cents"] == 3 * PRICE * 4 // 5


async def test_a_match_with_other_seats_still_says_so(club: Club) -> None:
    fan, held = await club.holder("fan@example.org", full=2)
    await club.sold(club.following.events[1], places(held)[0][0])
    await club.start()
    renewal = await club.renewal(fan)
    kept = (await keep(fan, renewal, party(renewal)[:1])).json()
    assert kept["other_events"] == renewal["other_events"] == [str(club.following.events[1])]
    assert [one["same_seats"] for one in kept["subscription"]["events"]] == [True, False, True]
    assert [len(event) for event in places(kept)] == [1, 1, 1]


async def test_a_smaller_party_takes_part_in_the_relocation(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", full=3)
    await club.start()
    renewal = await club.renewal(fan)
    assert (await keep(fan, renewal, party(renewal)[:1])).status_code == 200
    assert (await club.wish(fan, {"category_id": str(BLUE)})).status_code == 200
    await club.relocate()
    moved = await club.renewal(fan)
    assert moved["moved"]
    assert [len(event) for event in places(moved)] == [1, 1, 1]


async def test_no_seat_is_given_up_while_seats_are_relocated_nor_after_the_end(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", full=2)
    await club.start()
    renewal = await club.renewal(fan)
    await club.system.rows("update seasons.campaign set state = 'relocating'")
    assert (await keep(fan, renewal, party(renewal)[:1])).json()["code"] == "renewal_closed"
    await club.system.rows("update seasons.campaign set state = 'open'")
    club.clock.advance(timedelta(hours=21))
    late = await club.system.fan("fan@example.org")
    assert (await keep(late, renewal, party(renewal)[:1])).json()["code"] == "renewal_closed"
    assert places(await club.renewal(late)) == places(renewal)
