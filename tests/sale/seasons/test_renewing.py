"""Renewal of season tickets: the seats that holders get, and what becomes of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tests.sale.packages.conftest import PRICE
from tests.sale.seasons.conftest import Club, places
from tests.sale.ticketing.conftest import GOLD, block_seats
from virage.app.persons import PERSON_ERASED
from virage.money.payments.rules import PaymentState
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.seasons.acts import renewing
from virage.sale.seasons.jobs import SeasonJobs
from virage.sale.seasons.planning import Seasons, load_seasons
from virage.sale.seasons.rules.terms import Campaign
from virage.sale.seasons.store import seasons as store


async def test_a_holder_has_the_same_seats_at_every_match_of_the_next_season_and_pays_them_once(club: Club) -> None:
    fan, held = await club.holder("fan@example.org")
    await club.start()
    renewal = await club.renewal(fan)
    assert (renewal["state"], renewal["years"], renewal["size"]) == ("open", 1, 2)
    assert places(renewal) == places(held)
    assert renewal["other_events"] == []
    assert renewal["subscription"]["total_cents"] == 3 * 2 * PRICE * 4 // 5
    assert renewal["subscription"]["expires_at"] == renewal["until"]
    assert await club.kinds() == ["renewal_due"]
    payment_id = new_id()
    answer = await club.following.pay(fan, renewal["subscription"], payment_id)
    assert answer.status_code == 200, answer.text
    await club.system.news(payment_id)
    assert (await club.renewal(fan))["state"] == "paid"
    tickets = (await fan.ask("GET", "/api/me/tickets")).json()
    assert len(tickets) == 2 * 3 * 2


async def test_holders_of_a_season_ticket_keep_their_seats_for_a_cup_match(club: Club) -> None:
    fan, held = await club.holder("fan@example.org")
    club.package = await club.following.package(event_ids=club.following.events[:1], is_open=False)
    await club.start(relocates_until=None)
    renewal = await club.renewal(fan)
    assert places(renewal) == places(held)[:1]
    assert renewal["subscription"]["total_cents"] == 2 * PRICE * 4 // 5
    payment_id = new_id()
    assert (await club.following.pay(fan, renewal["subscription"], payment_id)).status_code == 200
    await club.system.news(payment_id)
    assert (await club.renewal(fan))["state"] == "paid"


async def test_a_run_that_is_repeated_makes_each_renewal_and_each_email_once(club: Club) -> None:
    for name in ("one", "two", "three"):
        await club.holder(f"{name}@example.org", full=1)
    await club.start()
    await club.run()
    await club.run()
    assert await club.kinds() == ["renewal_due"] * 3
    rows = await club.system.rows(
        "select count(*) from ticketing.orders where bundle_id in (select id from seasons.renewal)"
    )
    assert rows[0][0] == 3 * 3


async def test_a_run_that_is_interrupted_goes_on_where_it_was(club: Club, monkeypatch: Any) -> None:
    monkeypatch.setattr(renewing, "RENEWED_AT_ONCE", 1)
    for name in ("one", "two", "three"):
        await club.holder(f"{name}@example.org", full=1)
    made = 0
    append = journal.append

    async def failing(conn: Connection, *args: Any) -> None:
        nonlocal made
        made += 1
        if made == 2:
            raise RuntimeError
        await append(conn, *args)

    monkeypatch.setattr(renewing, "append", failing)
    office = await club.last.office()
    await club.put(office)
    await club.step(office, "start")
    for _ in range(2):
        try:
            await club.run()
        except RuntimeError:
            continue
    rows = await club.system.rows("select count(*), count(distinct from_id) from seasons.renewal")
    assert tuple(rows[0]) == (3, 3)
    assert await club.kinds() == ["renewal_due"] * 3


async def test_a_holder_renews_the_seats_that_were_not_refunded(club: Club) -> None:
    fan, held = await club.holder("fan@example.org")
    other, all_refunded = await club.holder("other@example.org")
    await refund(club, held, [0])
    await refund(club, all_refunded, [0, 1])
    await club.start()
    renewal = await club.renewal(fan)
    assert (renewal["size"], renewal["lost"]) == (1, 1)
    seats = [[line["place"] for line in one["order"]["lines"]] for one in held["events"]]
    assert places(renewal) == [[one[1]] for one in seats]
    assert (await other.ask("GET", "/api/renewals")).json() == []


async def test_a_seat_that_is_refunded_at_one_match_is_renewed_all_the_same(club: Club) -> None:
    fan, held = await club.holder("fan@example.org")
    await refund(club, {"events": held["events"][2:]}, [0, 1])
    await club.start()
    assert places(await club.renewal(fan)) == places(held)


async def refund(club: Club, subscription: dict[str, Any], people: list[int]) -> None:
    """Refund the tickets of these people at every match, as the office does."""
    office = await club.last.office()
    for one in subscription["events"]:
        lines = one["order"]["lines"]
        tickets = [lines[index]["ticket_id"] for index in people]
        body = {"refund_id": str(new_id()), "ticket_ids": tickets, "reason": "goodwill"}
        answer = await office.ask("POST", f"/api/office/orders/{one['order']['id']}/refund", body)
        assert answer.status_code in (200, 201), answer.text


async def test_where_a_seat_is_sold_the_holder_has_the_best_equal_one_and_is_told_so(club: Club) -> None:
    seats = list(block_seats("113")[40:42])
    fan, _ = await club.holder("fan@example.org", seats)
    await club.sold(club.following.events[1], seats[0])
    await club.start()
    renewal = await club.renewal(fan)
    assert [one == seats for one in places(renewal)] == [True, False, True]
    assert renewal["other_events"] == [str(club.following.events[1])]
    assert renewal["subscription"]["events"][1]["order"]["lines"][0]["label"]["block"] == "113"
    assert await club.kinds() == ["renewal_due"]


async def test_a_holder_without_own_seats_never_gets_those_of_another_holder(club: Club) -> None:
    """The category has six seats left: two of the first holder, sold at one match, and four of two others."""
    block = list(block_seats("113"))
    first, *others = block[40:42], block[42:44], block[44:46]
    fans = [await club.holder(f"{number}@example.org", seats) for number, seats in enumerate((first, *others))]
    await club.sold(club.following.events[0], *first, *(seat for seat in block if seat not in block[40:46]))
    await club.sold(club.following.events[1], others[0][0])
    await club.start()
    assert places(await club.renewal(fans[2][0])) == [others[1]] * 3
    second = places(await club.renewal(fans[1][0]))
    assert (second[0], second[2]) == (others[0], others[0])
    assert (await club.renewal(fans[0][0]))["state"] == "listed"
    rows = await club.system.rows(
        "select event_id, place from ticketing.claim group by event_id, place having count(*) > 1"
    )
    assert rows == []


async def test_a_renewal_without_any_seats_is_listed_for_the_office_which_gives_or_refuses_it(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", list(block_seats("113")[40:42]))
    event_id = club.following.events[1]
    sale = await club.system.order_service.sales.get(event_id)
    assert sale is not None
    free = [place for place, is_free in enumerate(sale.inventory.free().tolist()) if is_free]
    await club.sold(event_id, *free)
    office = await club.start()
    renewal = await club.renewal(fan)
    assert (renewal["state"], renewal["subscription"]) == ("listed", None)
    path = f"/api/office/seasons/{club.campaign_id}/renewals?only_listed=true"
    (listed,) = (await office.ask("GET", path)).json()["renewals"]
    assert (listed["reason"], listed["email"]) == ("sold_out", "fan@example.org")
    assert await club.kinds() == []
    async with club.system.db.transaction() as conn:
        await conn.execute("delete from ticketing.claim where event_id = $1 and place <> $2", event_id, free[0])
    club.following.forget()
    decide = f"/api/office/renewals/{renewal['id']}/decision"
    given = await office.ask("POST", decide, {"decision": "give", "note": "Seats came back."})
    assert given.status_code == 200, given.text
    await club.run()
    assert (await club.renewal(fan))["state"] == "open"
    assert await club.kinds() == ["renewal_due"]
    late = await office.ask("POST", decide, {"decision": "refuse", "note": "Too late."})
    assert late.json()["code"] == "renewal_closed"


async def test_a_renewal_that_the_office_refuses_says_why(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", list(block_seats("113")[40:42]))
    async with club.system.db.transaction() as conn:
        await conn.execute(
            "update programme.event set rules = rules || '{\"limit_per_buyer\": 1}' where id = any($1)",
            club.following.events,
        )
    club.following.forget()
    office = await club.start()
    renewal = await club.renewal(fan)
    assert renewal["state"] == "listed"
    decide = f"/api/office/renewals/{renewal['id']}/decision"
    refused = await office.ask("POST", decide, {"decision": "refuse", "note": "One ticket per person."})
    assert (refused.json()["state"], refused.json()["reason"]) == ("refused", "limit_reached")
    seen = await club.renewal(fan)
    assert (seen["state"], seen["note"]) == ("refused", "One ticket per person.")


async def test_a_declined_renewal_frees_its_seats_at_once_and_cannot_be_paid(club: Club) -> None:
    fan, held = await club.holder("fan@example.org")
    other = await club.system.fan("other@example.org")
    await club.start()
    renewal = await club.renewal(fan)
    assert (await other.ask("DELETE", f"/api/renewals/{renewal['id']}")).status_code == 404
    for _ in range(2):
        assert (await fan.ask("DELETE", f"/api/renewals/{renewal['id']}")).status_code == 204
    assert (await club.renewal(fan))["state"] == "declined"
    assert (await club.following.pay(fan, renewal["subscription"])).json()["code"] == "hold_expired"
    event_id = str(club.following.events[0])
    free = await club.system.rows(
        "select from ticketing.claim where event_id = $1::uuid and place = $2", event_id, places(held)[0][0]
    )
    assert free == []


async def test_a_renewal_that_is_not_paid_in_time_lapses(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    renewal = await club.renewal(fan)
    club.clock.advance(timedelta(hours=21))
    assert (await club.renewal(fan))["state"] == "lapsed"
    assert (await club.following.pay(fan, renewal["subscription"])).json()["code"] == "hold_expired"


async def test_the_holder_of_an_open_renewal_is_reminded_once(club: Club) -> None:
    await club.holder("fan@example.org")
    other, _ = await club.holder("other@example.org")
    await club.start(until=(club.clock.now() + timedelta(hours=23)).isoformat(), remind_days=1)
    renewal = await club.renewal(other)
    assert await club.kinds() == ["renewal_due"] * 2 + ["renewal_reminder"] * 2
    await club.run()
    assert await club.kinds() == ["renewal_due"] * 2 + ["renewal_reminder"] * 2
    assert renewal["state"] == "open"


async def test_a_member_of_three_seasons_has_three_years(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", full=1)
    await club.start()
    renewal = await club.renewal(fan)
    payment_id = new_id()
    await club.following.pay(fan, renewal["subscription"], payment_id)
    await club.system.news(payment_id)
    third = await club.last.package(name={"fr": "C", "en": "C", "de": "C"}, event_ids=club.last.events[:2])
    club.campaign_id = new_id()
    office = await club.last.office()
    answer = await club.put(office, from_package_id=str(club.package.id), to_package_id=str(third.id))
    club.revision = answer.json()["revision"]
    assert (await club.step(office, "start")).status_code == 200
    await club.run()
    renewals = (await fan.ask("GET", "/api/renewals")).json()
    assert sorted(one["years"] for one in renewals) == [1, 2]


async def test_an_erased_holder_has_no_renewal_and_an_open_one_is_released(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    person = (await club.system.rows("select person_id from seasons.renewal"))[0][0]
    async with club.system.db.transaction() as conn:
        for handler in PERSON_ERASED:
            assert await handler(conn, person, club.clock.now()) is None
    rows = await club.system.rows("select person_id from seasons.renewal")
    assert [row["person_id"] for row in rows] == [None]
    rows = await club.system.rows(
        "select distinct state from ticketing.orders where bundle_id in (select id from seasons.renewal)"
    )
    assert [row["state"] for row in rows] == ["released"]
    await club.run()
    assert (await fan.ask("GET", "/api/renewals")).json() == []


async def test_the_preview_says_what_the_run_then_makes(club: Club) -> None:
    seats = list(block_seats("113")[40:42])
    await club.holder("fan@example.org", seats)
    _, held = await club.holder("other@example.org", list(block_seats("113")[50:52]))
    await refund(club, held, [0])
    await club.holder("third@example.org", list(block_seats("113")[60:61]))
    await club.sold(club.following.events[1], seats[0])
    office = await club.last.office()
    await club.put(office)
    run = (await club.preview(office))["run"]
    assert run == {
        "holders": 3,
        "seats": 4,
        "refunded": 1,
        "gone": 0,
        "elsewhere": 1,
        "without_account": 0,
        "total_cents": 3 * 2 * PRICE * 4 // 5,
        "events": 3,
        "left_out": 0,
    }
    assert await club.system.rows("select from seasons.renewal") == []
    assert (await club.step(office, "start")).status_code == 200
    await club.run()
    page = (await office.ask("GET", f"/api/office/seasons/{club.campaign_id}/renewals")).json()
    assert sorted(one["size"] for one in page["renewals"]) == [1, 1, 2]
    counts = (await office.ask("GET", "/api/office/seasons")).json()[0]["counts"]
    assert (counts["renewals"], counts["held"], counts["seats"]) == (3, 3, 4)


async def test_the_office_may_only_start_what_is_whole_and_what_it_has_seen(club: Club) -> None:
    office = await club.last.office()
    same = await club.put(office, to_package_id=str(club.earlier.id))
    assert same.json()["code"] == "invalid_input"
    assert (await club.put(office)).status_code == 200
    assert (await club.put(office, remind_days=3, revision=7)).json()["code"] == "changed_meanwhile"
    changed = await club.put(office, remind_days=3, revision=1)
    assert changed.json()["revision"] == 2
    assert (await club.step(office, "start", revision=1)).json()["code"] == "changed_meanwhile"
    assert (await club.step(office, "start", revision=2)).status_code == 200
    assert (await club.put(office, remind_days=4, revision=3)).json()["code"] == "season_step_not_possible"
    second = await office.ask("PUT", f"/api/office/seasons/{new_id()}", club.body())
    assert second.json()["code"] == "id_reused"
    assert (await club.step(office, "relocate")).json()["data"]["because"] == "not_due"


async def test_a_campaign_waits_for_its_opening(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start(opens_at=(club.clock.now() + timedelta(hours=1)).isoformat())
    assert (await fan.ask("GET", "/api/renewals")).json() == []
    club.clock.advance(timedelta(hours=1))
    await SeasonJobs(club.clock).run(club.system.db)
    assert (await club.renewal(fan))["state"] == "open"


async def test_the_office_of_another_club_neither_sees_nor_changes_a_campaign(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    renewal = await club.renewal(fan)
    other = await club.system.staff(Grant("programme", "organiser", new_id()), email="other@example.org")
    base = f"/api/office/seasons/{club.campaign_id}"
    assert (await other.ask("GET", "/api/office/seasons")).json() == []
    assert (await other.ask("PUT", base, club.body())).status_code == 403
    assert (await other.ask("POST", f"{base}/preview")).status_code == 404
    assert (await other.ask("POST", f"{base}/steps", {"step": "relocate", "revision": 2})).status_code == 404
    assert (await other.ask("GET", f"{base}/renewals")).status_code == 404
    assert (await other.ask("GET", f"{base}/round.csv")).status_code == 404
    decide = f"/api/office/renewals/{renewal['id']}/decision"
    assert (await other.ask("POST", decide, {"decision": "refuse", "note": "No."})).status_code == 404
    stranger = await club.system.fan("stranger@example.org")
    assert (await stranger.ask("GET", f"/api/renewals/{renewal['id']}")).status_code == 404


async def test_a_search_that_found_nothing_may_be_repeated_with_the_same_note(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", list(block_seats("113")[40:42]))
    event_id = club.following.events[1]
    sale = await club.system.order_service.sales.get(event_id)
    assert sale is not None
    free = [place for place, is_free in enumerate(sale.inventory.free().tolist()) if is_free]
    await club.sold(event_id, *free)
    office = await club.start()
    renewal = await club.renewal(fan)
    decide, given = f"/api/office/renewals/{renewal['id']}/decision", {"decision": "give", "note": "Ill."}
    assert (await office.ask("POST", decide, given)).status_code == 200
    await club.run()
    assert (await club.renewal(fan))["state"] == "listed"
    async with club.system.db.transaction() as conn:
        await conn.execute("delete from ticketing.claim where event_id = $1 and place <> $2", event_id, free[0])
    club.following.forget()
    assert (await office.ask("POST", decide, given)).status_code == 200
    await club.run()
    assert (await club.renewal(fan))["state"] == "open"


async def test_a_renewal_that_was_refused_while_it_waited_gets_no_seats(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org", seats := list(block_seats("113")[40:42]))
    await club.sold(club.following.events[1], seats[0])
    jobs, now = SeasonJobs(club.clock), club.clock.now()
    office = await club.last.office()
    assert (await club.put(office)).status_code == 200
    assert (await club.step(office, "start")).status_code == 200
    async with club.system.db.connection() as conn:
        campaign = (await store.campaigns(conn, [club.campaign_id]))[club.campaign_id]
    await jobs.renew(club.system.db, campaign)
    renewal = await club.renewal(fan)
    refused = {"decision": "refuse", "note": "Not a holder any more."}
    answer = await office.ask("POST", f"/api/office/renewals/{renewal['id']}/decision", refused)
    assert answer.status_code == 200, answer.text
    seasons = await load(club, campaign, now)
    await club.run()
    assert (await club.renewal(fan))["state"] == "refused"
    assert await club.system.rows("select from ticketing.orders where bundle_id = $1", UUID(renewal["id"])) == []
    # The same, if it is refused between the search and its transaction.
    async with club.system.db.transaction() as conn:
        waits = replace((await store.renewals(conn, [UUID(renewal["id"])]))[UUID(renewal["id"])], refused_at=None)
        (holder,) = await store.holders_by_id(conn, [waits.from_id])
        kept = [seasons.kept(holder)]
        part = [(waits, kept[0], renewing.reserve(seasons, kept)[0])]
        assert await renewing.seat_waiting(conn, campaign.id, seasons, part, {}, now) == 1
    assert await club.system.rows("select from ticketing.orders where bundle_id = $1", UUID(renewal["id"])) == []


async def load(club: Club, campaign: Campaign, now: datetime) -> Seasons:
    async with club.system.db.connection() as conn:
        seasons = await load_seasons(conn, campaign, now)
    assert seasons is not None
    return seasons


async def test_a_renewal_goes_on_without_a_match_that_is_cancelled(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    before = (await club.renewal(fan))["subscription"]
    await club.following.cancel(club.following.events[1])
    club.following.forget()
    renewal = await club.renewal(fan)
    assert (renewal["state"], len(renewal["subscription"]["events"])) == ("open", 2)
    assert renewal["subscription"]["total_cents"] == before["total_cents"] * 2 // 3
    assert renewal["subscription"]["regular_cents"] == before["regular_cents"] * 2 // 3
    payment_id = new_id()
    paid = await club.following.pay(fan, renewal["subscription"], payment_id)
    assert paid.status_code == 200, paid.text
    await club.system.news(payment_id)
    assert (await club.renewal(fan))["state"] == "paid"
    assert await club.system.rows("select from payments.refund") == []


async def test_a_payment_page_of_a_renewal_that_is_left_open_blocks_it_for_half_an_hour(club: Club) -> None:
    fan, _ = await club.holder("fan@example.org")
    await club.start()
    renewal = await club.renewal(fan)
    payment_id = new_id()
    assert (await club.following.pay(fan, renewal["subscription"], payment_id)).status_code == 200
    (page,) = await club.system.rows("select expires_at from payments.payment where id = $1", payment_id)
    assert page["expires_at"] == club.clock.now() + timedelta(minutes=30)
    await club.system.news(payment_id, PaymentState.EXPIRED)
    assert (await club.renewal(fan))["state"] == "open"
    assert (await club.wish(fan, {"category_id": str(GOLD)})).status_code == 200
