"""Earning: who is present earns, each rule once an event; purchases earn, and refunds take it back."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.sale.points.conftest import ENTRY, RULES, Club, a_rule, a_tier, name
from tests.sale.ticketing.conftest import HOUR, Box
from tests.sale.ticketing.test_transfers import accepted, offered
from virage.platform.values.ids import new_id
from virage.site.programme import acts as programme
from virage.site.programme.rules import Series

MINUTE = timedelta(minutes=1)
PRICE = 8000  # a gold seat of the tests, in cents
FEE = 150


async def ticket_of(club: Club, box: Box) -> str:
    """A ticket that a fan bought before they took part, so that it earned nothing."""
    return str((await club.system.bought(box, full=1))["lines"][0]["ticket_id"])


async def present(club: Club, email: str = "fan@example.org") -> tuple[Box, str]:
    """A fan who takes part and holds a ticket that earned nothing."""
    box = await club.system.fan(email)
    ticket = await ticket_of(club, box)
    await club.joined(box)
    return box, ticket


async def test_an_entry_before_the_start_earns_by_both_rules_and_says_why(club: Club) -> None:
    fan, ticket = await present(club)
    await club.enters(ticket)
    await club.earn()
    assert await club.balance(fan) == 15
    early, entry = sorted(await club.movements(fan), key=lambda one: one["points"])
    assert (early["rule"]["en"], early["points"], early["basis"]) == ("early_entry 5", 5, "early_entry")
    assert (entry["rule"]["en"], entry["points"], entry["event"]["en"]) == ("entry 10", 10, "Virage against Visitors")


async def test_an_entry_at_the_moment_of_the_start_is_not_before_it(club: Club) -> None:
    fan, ticket = await present(club)
    await club.enters(ticket, timedelta())
    await club.earn()
    assert await club.balance(fan) == 10


async def test_a_seat_that_is_scanned_twice_earns_once(club: Club) -> None:
    fan, ticket = await present(club)
    await club.enters(ticket, 2 * MINUTE)
    await club.earn()
    await club.enters(ticket, MINUTE)
    await club.earn()
    assert await club.balance(fan) == 15


async def test_an_earlier_scan_that_arrives_later_adds_the_points_for_coming_early(club: Club) -> None:
    fan, ticket = await present(club)
    await club.enters(ticket, -MINUTE)
    await club.earn()
    assert await club.balance(fan) == 10
    await club.enters(ticket, MINUTE)  # another gate was offline
    await club.earn()
    assert await club.balance(fan) == 15


async def test_who_holds_several_tickets_earns_once_an_event(club: Club) -> None:
    fan = await club.system.fan()
    lines = (await club.system.bought(fan, full=2))["lines"]
    await club.joined(fan)
    for line in lines:
        await club.enters(line["ticket_id"])
    await club.earn()
    assert await club.balance(fan) == 15


async def test_who_is_present_earns_and_not_the_buyer(club: Club) -> None:
    giver, ticket = await present(club)
    friend = await club.fan("friend@example.org")
    assert (await accepted(friend, await offered(giver, [ticket], "friend@example.org"))).status_code == 200
    await club.enters(ticket)
    await club.earn()
    assert (await club.balance(giver), await club.balance(friend)) == (0, 15)


async def test_who_does_not_take_part_earns_nothing_and_an_entry_before_joining_neither(club: Club) -> None:
    fan = await club.system.fan()
    ticket = await ticket_of(club, fan)
    await club.enters(ticket, 2 * MINUTE)
    club.clock.advance(MINUTE)
    await club.joined(fan)
    await club.earn()
    assert await club.balance(fan) == 0


async def test_a_closed_programme_issues_no_points(club: Club) -> None:
    fan, ticket = await present(club)
    await club.programme(1, is_open=False)
    await club.enters(ticket)
    await club.earn()
    assert await club.balance(fan) == 0


async def test_a_rule_for_a_series_adds_points_at_its_events_alone(club: Club) -> None:
    fan, ticket = await present(club)
    cup, other = Series(new_id(), club.organiser_id, name("Cup nights")), Series(new_id(), club.organiser_id, name("X"))
    async with club.system.db.transaction() as conn:
        for series in (cup, other):
            await programme.add_series(conn, series, None, club.system.clock.now())
        await conn.execute("update programme.event set series_id = $1", cup.id)
    extra = [a_rule("entry", 20, series_id=cup.id), a_rule("entry", 40, series_id=other.id)]
    await club.programme(1, rules=[*RULES, *extra, a_rule("entry", 80, event_kind="concert")])
    await club.enters(ticket)
    await club.earn()
    assert await club.balance(fan) == 35
    assert (await club.points(fan))["rules"][3]["series"]["en"] == "Cup nights"


async def test_the_words_and_points_of_a_rule_stay_with_what_it_earned(club: Club) -> None:
    fan, ticket = await present(club)
    await club.enters(ticket)
    await club.earn()
    await club.programme(1, rules=[a_rule("entry", 99, ENTRY)])
    await club.enters(ticket, 2 * HOUR)
    await club.earn()
    assert await club.balance(fan) == 15
    assert {one["rule"]["en"] for one in await club.movements(fan)} == {"entry 10", "early_entry 5"}


async def test_a_higher_tier_multiplies_what_its_people_earn(club: Club) -> None:
    await club.programme(1, tiers=[a_tier(80, multiplier_permille=1500)])
    fan = await club.fan()
    order = await club.system.bought(fan, full=1)
    await club.earn()
    account = (await club.points(fan))["account"]
    assert (account["balance"], account["tier"]["threshold"]) == (81, 80)  # 80 euros and the fee
    assert account["last_number"] == (await club.movements(fan))[0]["number"]
    await club.enters(order["lines"][0]["ticket_id"])
    await club.earn()
    assert await club.balance(fan) == 81 + 15 + 7  # half a point is rounded down


async def test_the_next_tier_says_how_many_points_are_missing(club: Club) -> None:
    await club.programme(1, tiers=[a_tier(10), a_tier(175)])
    fan, ticket = await present(club)
    await club.enters(ticket)
    await club.earn()
    account = (await club.points(fan))["account"]
    assert (account["tier"]["threshold"], account["next_tier"]["threshold"], account["to_next"]) == (10, 175, 160)
    club.clock.advance(timedelta(days=366))
    fan = await club.system.fan()
    account = (await club.points(fan))["account"]
    assert (account["tier"], account["balance"]) == (None, 15), "points of more than 12 months ago count for no tier"


async def test_tickets_earn_by_whole_euros_and_a_refund_takes_it_back(club: Club) -> None:
    fan = await club.fan()
    order = await club.system.bought(fan, full=2)
    await club.earn()
    assert await club.balance(fan) == 2 * (PRICE + FEE) // 100
    await refund(club, order, 1)
    await club.earn()
    left = (PRICE + FEE) // 100
    assert await club.balance(fan) == left
    newest = (await club.movements(fan))[0]
    assert (newest["kind"], newest["points"], newest["written_off"]) == (
        "taken_back",
        left - 2 * (PRICE + FEE) // 100,
        0,
    )


async def test_a_refund_takes_no_more_than_is_there_and_explains_the_rest(club: Club) -> None:
    fan = await club.fan()
    order = await club.system.bought(fan, full=1)
    await club.earn()
    reward = await club.reward(price_points=60)
    assert (await club.redeem(fan, reward)).status_code == 200
    await refund(club, order, 1)
    await club.earn()
    newest = (await club.movements(fan))[0]
    assert (newest["kind"], newest["points"] - newest["written_off"], await club.balance(fan)) == ("taken_back", -81, 0)
    assert newest["written_off"] == 60
    assert (await club.audit()).clean


async def test_a_withdrawn_scan_takes_back_what_the_entry_earned_and_says_why(club: Club) -> None:
    fan, ticket = await present(club)
    gate = await club.enters(ticket)
    await club.earn()
    await club.withdrawn(gate)
    await club.earn()
    assert await club.balance(fan) == 0
    back = (await club.movements(fan))[:2]
    assert sorted((one["kind"], one["basis"], one["points"]) for one in back) == [
        ("taken_back", "early_entry", -5),
        ("taken_back", "entry", -10),
    ]
    assert {one["event"]["en"] for one in back} == {"Virage against Visitors"}
    assert (await club.points(fan))["account"]["earned"] == 0, "it counts for no tier"
    assert (await club.audit()).clean


async def test_an_identity_document_that_does_not_match_takes_back_what_the_entry_earned(club: Club) -> None:
    fan, ticket = await present(club)
    gate = await club.enters(ticket)
    await club.earn()
    assert await club.balance(fan) == 15
    await club.scanned(gate, ticket, "mismatched", club.clock.now())
    await club.earn()
    assert await club.balance(fan) == 0
    await club.enters(ticket)
    await club.earn()
    assert (await club.balance(fan), (await club.audit()).clean) == (15, True)


async def test_an_entry_after_a_withdrawn_one_returns_the_points_once(club: Club) -> None:
    fan, ticket = await present(club)
    gate = await club.enters(ticket)
    await club.earn()
    await club.withdrawn(gate)
    await club.earn()
    gate = await club.enters(ticket, -MINUTE)
    await club.earn()
    newest = (await club.movements(fan))[0]
    assert (newest["kind"], newest["basis"], newest["points"], await club.balance(fan)) == ("returned", "entry", 10, 10)
    for _ in range(2):
        async with club.system.db.transaction() as conn:
            await conn.execute("update points.journal_position set xid = '0', seq = 0")
        await club.earn()
        assert await club.balance(fan) == 10
    await club.withdrawn(gate)
    await club.earn()
    assert (await club.balance(fan), (await club.audit()).clean) == (0, True)


async def test_a_withdrawn_early_scan_leaves_the_points_of_a_later_entry(club: Club) -> None:
    fan, ticket = await present(club)
    early = await club.enters(ticket)
    await club.enters(ticket, -MINUTE)
    await club.earn()
    await club.withdrawn(early)
    await club.earn()
    assert await club.balance(fan) == 10
    assert [one["basis"] for one in (await club.movements(fan)) if one["kind"] == "taken_back"] == ["early_entry"]


async def test_a_withdrawn_scan_of_one_ticket_leaves_the_entry_with_another_one(club: Club) -> None:
    fan = await club.system.fan()
    first, second = await ticket_of(club, fan), await ticket_of(club, fan)
    await club.joined(fan)
    gate = await club.enters(first)
    await club.enters(second)
    await club.earn()
    await club.withdrawn(gate)
    await club.earn()
    assert await club.balance(fan) == 15


async def test_scans_withdrawn_at_two_events_at_once_leave_the_entries_that_stand(club: Club) -> None:
    first = await ticket_of(club, await club.system.fan())
    await club.system.open()
    both, second = await present(club)
    one, other = await present(club, "other@example.org")
    gates = [await club.enters(first), await club.enters(second), await club.enters(other)]
    await club.earn()
    assert (await club.balance(both), await club.balance(one)) == (30, 15)
    await club.withdrawn(gates[0])
    await club.withdrawn(gates[2])
    await club.earn()
    assert (await club.balance(both), await club.balance(one)) == (15, 0)
    assert (await club.audit()).clean


async def test_points_of_a_withdrawn_scan_that_were_spent_are_written_off_and_not_earned_again(club: Club) -> None:
    fan, ticket = await present(club)
    gate = await club.enters(ticket, -MINUTE)
    await club.earn()
    assert (await club.redeem(fan, await club.reward(price_points=6))).status_code == 200
    await club.withdrawn(gate)
    await club.earn()
    newest = (await club.movements(fan))[0]
    assert (newest["points"], newest["written_off"], await club.balance(fan)) == (-4, 6, 0)
    await club.enters(ticket, -2 * MINUTE)
    await club.earn()
    assert await club.balance(fan) == 4, "the reward was kept"
    assert (await club.audit()).clean


async def test_two_jobs_that_follow_the_journal_at_once_earn_once(club: Club) -> None:
    fan, ticket = await present(club)
    await club.enters(ticket)
    await asyncio.gather(*(club.earn() for _ in range(4)))
    assert await club.balance(fan) == 15


async def test_a_job_that_reads_the_journal_again_earns_nothing_more(club: Club) -> None:
    fan, ticket = await present(club)
    bought = await club.system.bought(fan, full=1)
    await club.enters(ticket)
    await club.earn()
    before = await club.balance(fan)
    await refund(club, bought, 1)
    await club.earn()
    after = await club.balance(fan)
    club.clock.advance(MINUTE)
    async with club.system.db.transaction() as conn:
        await conn.execute("update points.journal_position set xid = '0', seq = 0")
    await club.earn()
    assert (before, await club.balance(fan)) == (15 + 81, after)


async def test_points_sum_to_zero_apart_from_money(club: Club) -> None:
    _, ticket = await present(club)
    await club.enters(ticket)
    await club.earn()
    found = await club.audit()
    assert found.clean
    assert found.points == {"points": 15, "points_issued": -15}
    assert not {kind for kind in found.kinds if kind.startswith("points")}
    assert await club.system.rows("select 1 from wallet_ledger.public_posting where kind like 'points%'") == []
    assert await club.system.rows("select 1 from wallet_ledger.public_balance where kind like 'points%'") == []


async def refund(club: Club, order: dict[str, Any], tickets: int) -> None:
    """The office refunds the first tickets of an order."""
    ids = [line["ticket_id"] for line in order["lines"][:tickets]]
    body = {"refund_id": str(new_id()), "ticket_ids": ids, "reason": "asked"}
    answer = await (await club.office()).ask("POST", f"/api/office/orders/{order['id']}/refund", body)
    assert answer.status_code == 200, answer.text
