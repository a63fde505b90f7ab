"""A draw from its first entry to its tickets, on the real database: who gets what, who pays, and who waits."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.sale.draws.conftest import BLUE, ENDS, GOLD, HOUR, Entrant, Lottery
from tests.sale.draws.files import verdict_of
from tests.sale.ticketing.conftest import a_pricing, prices_from
from virage.app.persons import PERSON_ERASED
from virage.matchday.access.acts.bans import add_bans, decide
from virage.matchday.access.rules.bans import BanRequest
from virage.money.payments.rules import PaymentState
from virage.platform.values.ids import new_id
from virage.sale.draws.acts import drawing
from virage.sale.draws.acts.entering import CardToForget
from virage.sale.ticketing.acts.holding import expire
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.rules.pricing import Pricing

FILES = ("draw.json", "entries.jsonl", "results.jsonl", "log.jsonl")


async def verified(lottery: Lottery, folder: Path, *options: str) -> tuple[int, str]:
    """What the verifier says of the files that are published now."""
    for name in FILES:
        answer = await lottery.file(name)
        assert answer.status_code == 200, (name, answer.text)
        (folder / name).write_bytes(answer.content)
    return await asyncio.to_thread(verdict_of, folder, *options)


async def states(lottery: Lottery, fans: list[Entrant]) -> list[str]:
    return [(await lottery.mine(fan))["state"] for fan in fans]


async def split(lottery: Lottery, fans: list[Entrant]) -> tuple[list[Entrant], list[Entrant]]:
    """Those who won something, and those who wait, in the order of the draw."""
    seen = sorted([((await lottery.mine(fan))["number"], fan) for fan in fans], key=lambda pair: pair[0])
    ordered = [fan for _, fan in seen]
    waiting = [fan for fan in ordered if (await lottery.mine(fan))["state"] == "waiting"]
    return [fan for fan in ordered if fan not in waiting], waiting


async def test_winners_get_adjacent_seats_and_are_charged_and_the_others_wait(lottery: Lottery, tmp_path: Path) -> None:
    await lottery.opened((GOLD, 4, 0))
    fans = [await lottery.entered(f"fan{number}@example.org") for number in range(5)]
    await lottery.drawn()
    mine = [await lottery.mine(fan) for fan in fans]
    assert sorted(one["state"] for one in mine) == ["paid", "paid", "waiting", "waiting", "waiting"]
    assert sorted(one["number"] for one in mine) == [1, 2, 3, 4, 5]
    for fan, one in zip(fans, mine, strict=True):
        if one["state"] == "paid":
            order = (await fan.box.ask("GET", f"/api/orders/{one['order_id']}")).json()
            first, second = sorted(line["place"] for line in order["lines"])
            assert (order["state"], second, order["total_cents"]) == ("paid", first + 1, 2 * 8150)
            assert one["charged_at_most_cents"] == order["total_cents"]
    assert sorted(lottery.provider.charged.values()) == [16300, 16300]
    assert await lottery.kinds() == ["draw_entered"] * 5 + ["draw_won"] * 2 + ["draw_not_won"] * 3
    status, words = await verified(lottery, tmp_path, "--code", mine[0]["code"])
    assert status == 0, words


@pytest.mark.parametrize("name", [*FILES, "verify_draw.py"])
async def test_a_published_file_is_sent_again_only_if_it_has_changed(lottery: Lottery, name: str) -> None:
    await lottery.opened((GOLD, 4, 0))
    await lottery.entered("fan@example.org")
    before = await lottery.file("draw.json")
    await lottery.drawn()
    found = await lottery.file(name)
    tag = found.headers["etag"]
    assert (found.status_code, tag[0], tag[-1]) == (200, '"', '"'), "it is strong"
    path, box = f"/api/draws/{lottery.draw_id}/{name}", lottery.system.browser()
    for method in ("GET", "HEAD"):
        for known in (tag, f'"other", {tag}'):
            same = await box.ask(method, path, headers={"if-none-match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        changed = await box.ask(method, path, headers={"if-none-match": before.headers["etag"]})
        assert (changed.status_code, changed.headers["etag"]) == (200, tag), "the draw was open"
        assert changed.content == (found.content if method == "GET" else b"")


async def test_the_seed_stays_secret_until_the_draw_and_is_the_committed_one(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0))
    fan = await lottery.entered("fan@example.org")
    opened = await lottery.public(fan)
    assert opened["seed"] is None
    lottery.clock.advance(HOUR)
    await lottery.run()
    frozen = await lottery.public(fan)
    entries = (await lottery.file("entries.jsonl")).content
    assert frozen["seed"] is None
    assert sha256(entries).hexdigest() == frozen["entries_sha256"]
    assert opened["commitment"].encode() in entries
    assert (await lottery.file("results.jsonl")).status_code == 404
    ((sealed,),) = await lottery.system.rows("select sealed_seed from draws.draw")
    lottery.clock.advance(HOUR)
    await lottery.run()
    drawn = await lottery.public(fan)
    assert sha256(bytes.fromhex(drawn["seed"])).hexdigest() == opened["commitment"]
    assert bytes.fromhex(drawn["seed"]) not in sealed
    assert drawn["entries_sha256"] == frozen["entries_sha256"]


async def test_a_draw_with_a_public_value_waits_for_it_and_mixes_it_in(lottery: Lottery, tmp_path: Path) -> None:
    await lottery.opened((GOLD, 2, 0), public_value_name="Loto, 9 May 2026")
    for number in range(3):
        await lottery.entered(f"fan{number}@example.org")
    assert (await lottery.step("set_value", public_value="7")).json()["code"] == "draw_step_not_possible"
    await lottery.drawn()
    assert (await lottery.public())["state"] == "closed"
    assert (await lottery.step("draw")).json()["code"] == "draw_value_missing"
    given = await lottery.step("set_value", public_value="7 12 23 31 44 + 9")
    assert given.status_code == 200, given.text
    await lottery.run()
    assert (await lottery.public())["public_value"] == "7 12 23 31 44 + 9"
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words


@pytest.mark.parametrize("reason", ["card_declined", "authentication_required"])
async def test_a_winner_whose_card_is_refused_pays_on_the_page_until_the_deadline(
    lottery: Lottery, reason: str
) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org", declines=reason)
    await lottery.drawn()
    mine = await lottery.mine(fan)
    assert (mine["state"], mine["reason"]) == ("to_pay", reason)
    assert mine["pays_until"] == (lottery.clock.now() + timedelta(hours=48)).isoformat().replace("+00:00", "Z")
    assert await lottery.kinds("draw_to_pay", "draw_won") == ["draw_to_pay"]
    lottery.clock.advance(40 * HOUR)
    payment_id = new_id()
    paying = await fan.box.pay(mine["order_id"], payment_id)
    assert paying.status_code == 200, paying.text
    await lottery.system.news(payment_id)
    await lottery.run()
    assert (await lottery.mine(fan))["state"] == "paid"
    assert await lottery.kinds("draw_to_pay", "draw_won") == ["draw_to_pay", "draw_won"]
    assert lottery.provider.charged == {}


async def priced(lottery: Lottery, full: int) -> None:
    """Let the club change the price of a gold seat."""
    gold, *others = a_pricing().categories
    pricing = a_pricing(categories=[replace(gold, prices=prices_from(full)), *others])
    async with lottery.system.db.transaction() as conn:
        stored = await set_pricing(conn, lottery.system.event_id, pricing, None, lottery.clock.now(), accept_sold=True)
    assert isinstance(stored, Pricing), stored


async def test_a_card_is_not_charged_more_than_its_owner_agreed_to(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await priced(lottery, 9000)
    assert (await lottery.mine(fan))["charged_at_most_cents"] == 16_300, "as it was agreed"
    await lottery.drawn()
    mine = await lottery.mine(fan)
    assert (mine["state"], mine["reason"]) == ("to_pay", "price_changed")
    assert lottery.provider.charged == {}
    assert await lottery.kinds("draw_to_pay", "draw_won") == ["draw_to_pay"]
    payment_id = new_id()
    assert (await fan.box.pay(mine["order_id"], payment_id)).status_code == 200
    await lottery.system.news(payment_id)
    await lottery.run()
    assert (await lottery.mine(fan))["state"] == "paid", "the person agrees on the page"


async def test_a_changed_entry_agrees_to_the_price_of_its_day_and_a_lower_one_is_charged(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await priced(lottery, 9000)
    assert (await lottery.ask(fan)).status_code == 200
    assert (await lottery.mine(fan))["charged_at_most_cents"] == 18_300
    await priced(lottery, 8500)
    await lottery.drawn()
    assert (await lottery.mine(fan))["state"] == "paid"
    assert list(lottery.provider.charged.values()) == [17_300]


async def test_an_entry_of_before_the_agreed_amounts_is_charged(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await lottery.system.rows("update draws.entry set charge_max_cents = null")
    await priced(lottery, 9000)
    assert (await lottery.mine(fan))["charged_at_most_cents"] == 18_300
    await lottery.drawn()
    assert list(lottery.provider.charged.values()) == [18_300]


async def expired(lottery: Lottery, by: timedelta) -> None:
    """Let time pass, and let ticketing expire the orders whose hold is over."""
    lottery.clock.advance(by)
    await lottery.run()
    async with lottery.system.db.transaction() as conn:
        await expire(conn, lottery.clock.now(), 100, everything=True)
    await lottery.run()


async def test_places_that_are_not_paid_in_time_go_down_the_waiting_order(lottery: Lottery, tmp_path: Path) -> None:
    await lottery.opened((GOLD, 4, 0))
    sizes = [4, 4, 3, 1, 2]
    fans = [
        await lottery.entered(f"fan{size}{at}@example.org", party={"full": size}, declines="card_declined")
        for at, size in enumerate(sizes)
    ]
    await lottery.drawn()
    winners, waiting = await split(lottery, fans)
    for fan in waiting:  # their cards are good
        del lottery.provider.declines[fan.method_id]
    await expired(lottery, timedelta(hours=49))
    assert set(await states(lottery, winners)) == {"released"}
    left, expected = 4, []
    for fan in waiting:
        size = (await lottery.mine(fan))["party"]["full"]
        expected.append("paid" if size <= left else "waiting")
        left -= size if size <= left else 0
    assert await states(lottery, waiting) == expected
    assert "paid" in expected
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words
    ((held,),) = await lottery.system.rows("select count(*) from ticketing.claim")
    assert held == 4 - left
    for fan in winners:
        assert fan.method_id in await forgotten(lottery)


async def forgotten(lottery: Lottery) -> set[Any]:
    rows = await lottery.system.rows("select id from payments.method where state in ('forgetting', 'forgotten')")
    return {row["id"] for row in rows}


async def test_the_waiting_order_ends_and_every_card_is_forgotten(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fans = [await lottery.entered(f"fan{number}@example.org") for number in range(3)]
    await lottery.drawn()
    winners, waiting = await split(lottery, fans)
    assert await forgotten(lottery) == {fan.method_id for fan in winners}
    lottery.clock.set(ENDS)
    await lottery.run()
    await lottery.run()
    assert await states(lottery, waiting) == ["lost", "lost"]
    assert await forgotten(lottery) == {fan.method_id for fan in fans}
    assert (await lottery.public())["state"] == "ended"
    assert await lottery.kinds("draw_not_won") == ["draw_not_won"] * 2


async def ban(lottery: Lottery, email: str | None, name: str | None = None) -> None:
    request = BanRequest(new_id(), lottery.clock.now() + timedelta(days=90), email=email, name=name)
    async with lottery.system.db.transaction() as conn:
        added = await add_bans(conn, "club", [request], who=None, now=lottery.clock.now())
    assert isinstance(added, list), added


async def test_a_banned_winner_is_reviewed_and_learns_only_that_it_is_not_possible(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    banned = await lottery.entered("banned@example.org")
    await ban(lottery, "banned@example.org")
    await lottery.drawn()
    mine = await lottery.mine(banned)
    assert (mine["state"], mine["order_id"], mine["reason"]) == ("not_possible", None, None)
    assert lottery.provider.charged == {}
    ((subject,),) = await lottery.system.rows("select distinct subject from access.ban_review")
    ((entry_id, state),) = await lottery.system.rows("select id, state from draws.entry")
    assert (subject, state) == (entry_id, "review")
    facts = await lottery.system.rows("select data from kernel.journal where what = 'ban_review_opened'")
    assert len(facts) == 1, "a winner who waits is logged once"


async def test_the_places_of_a_banned_winner_go_to_the_next_unless_a_supervisor_allows_them(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    banned = await lottery.entered("banned@example.org")
    await ban(lottery, "banned@example.org")
    await lottery.drawn()
    lottery.clock.advance(timedelta(hours=49))
    await lottery.run()
    assert (await lottery.mine(banned))["state"] == "released"
    events = (await lottery.file("log.jsonl")).text.splitlines()[1:]
    assert len(events) == 1
    assert '"released"' in events[0]


async def test_a_banned_winner_whom_a_supervisor_allows_gets_the_seats(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("banned@example.org")
    await ban(lottery, "banned@example.org")
    await lottery.drawn()
    ((entry_id, person_id),) = await lottery.system.rows("select id, person_id from draws.entry")
    async with lottery.system.db.transaction() as conn:
        assert await decide(conn, entry_id, person_id, allow=True, who=None, now=lottery.clock.now()) is None
    await lottery.run()
    assert (await lottery.mine(fan))["state"] == "paid"


@pytest.mark.parametrize("decided", [False, True])
async def test_a_winner_in_review_gets_no_seats_by_renaming_the_account(lottery: Lottery, *, decided: bool) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await fan.box.ask("PATCH", "/api/me", {"name": "Léa Martin"})
    await ban(lottery, None, "MARTIN Lea")
    await lottery.drawn()
    assert (await lottery.mine(fan))["state"] == "not_possible"
    ((entry_id, person_id),) = await lottery.system.rows("select id, person_id from draws.entry")
    if decided:
        async with lottery.system.db.transaction() as conn:
            assert await decide(conn, entry_id, person_id, allow=False, who=None, now=lottery.clock.now()) is None
    assert (await fan.box.ask("PATCH", "/api/me", {"name": "Lea Marie Martin"})).status_code == 200
    await lottery.run()
    assert (await lottery.mine(fan))["state"] == "not_possible"
    assert lottery.provider.charged == {}


async def erase(lottery: Lottery, email: str) -> None:
    ((person_id,),) = await lottery.system.rows("select id from people.person where email = $1", email)
    async with lottery.system.db.transaction() as conn:
        for forget in PERSON_ERASED:
            assert await forget(conn, person_id, lottery.clock.now()) is None


async def test_an_erasure_before_the_freeze_removes_the_entry(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await lottery.run()
    await erase(lottery, "fan@example.org")
    assert await lottery.system.rows("select 1 from draws.entry") == []
    queued = await lottery.system.rows("select payload from kernel.job where entrypoint = 'draws.forget_card'")
    assert str(fan.method_id) in queued[0]["payload"].decode()
    await lottery.jobs.forget_card(CardToForget(fan.method_id))
    assert await forgotten(lottery) == {fan.method_id}


async def test_an_erasure_after_the_freeze_keeps_the_code_and_releases_what_it_wins(
    lottery: Lottery, tmp_path: Path
) -> None:
    await lottery.opened((GOLD, 2, 0))
    fans = [await lottery.entered(f"fan{number}@example.org") for number in range(3)]
    codes = {(await lottery.mine(fan))["code"] for fan in fans}
    await lottery.run()
    lottery.clock.advance(HOUR)
    await lottery.run()
    await erase(lottery, "fan0@example.org")
    lottery.clock.advance(HOUR)
    await lottery.run()
    text = (await lottery.file("entries.jsonl")).text
    assert all(code in text for code in codes)
    states_ = await lottery.system.rows("select state, person_id is null from draws.entry order by 2, 1")
    assert sorted(tuple(row) for row in states_) == [("paid", False), ("released", True), ("waiting", False)]
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words


async def test_the_erasure_of_a_winner_gives_the_places_to_the_next(lottery: Lottery, tmp_path: Path) -> None:
    await lottery.opened((GOLD, 2, 0))
    fans = [await lottery.entered(f"fan{number}@example.org", declines="card_declined") for number in range(2)]
    await lottery.drawn()
    (winner,), (waiting,) = await split(lottery, fans)
    del lottery.provider.declines[waiting.method_id]
    await erase(lottery, winner.email)
    await lottery.run()
    assert (await lottery.mine(waiting))["state"] == "paid"
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words


async def test_an_erased_person_leaves_the_waiting_order_and_is_offered_nothing(
    lottery: Lottery, tmp_path: Path
) -> None:
    await lottery.opened((GOLD, 2, 0))
    fans = [await lottery.entered(f"fan{number}@example.org", declines="card_declined") for number in range(3)]
    await lottery.drawn()
    (winner,), (first, second) = await split(lottery, fans)
    del lottery.provider.declines[second.method_id]
    await erase(lottery, first.email)
    await erase(lottery, winner.email)
    await lottery.run()
    assert (await lottery.mine(second))["state"] == "paid"
    reasons = await lottery.system.rows("select reason from draws.entry where person_id is null")
    assert [row["reason"] for row in reasons] == ["erased", "erased"]
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words


async def test_a_wheelchair_space_is_won_with_its_companion_seat(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 0, 1), (BLUE, 0, None))
    offered = {one["category_id"]: one for one in (await lottery.seen_by_office())["categories"]}
    category = GOLD if offered[str(GOLD)]["free_spaces"] else BLUE
    assert offered[str(category)]["free_spaces"] > 0
    fan = await lottery.entered(
        "chair@example.org", [category], party={"access": 1}, wheelchair=True, needs_consent=True
    )
    other = await lottery.entered("other@example.org", [category])
    await lottery.drawn()
    assert await states(lottery, [fan, other]) == ["paid", "waiting"]
    order = (await fan.box.ask("GET", f"/api/orders/{(await lottery.mine(fan))['order_id']}")).json()
    assert [line["tariff"] for line in order["lines"]] == ["access", "companion"]
    assert all(lottery.system.is_reserved(line["place"]) for line in order["lines"])


async def test_two_tabs_make_one_entry(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0))
    fan = await lottery.fan("fan@example.org")
    second = Entrant(fan.box, fan.email)
    answers = await asyncio.gather(lottery.ask(fan), lottery.ask(second, party={"full": 1}))
    assert [answer.status_code for answer in answers] == [200, 200]
    ((method_id, count),) = await lottery.system.rows("select method_id, count(*) over () from draws.entry")
    assert count == 1
    replaced = second.method_id if method_id == fan.method_id else fan.method_id
    assert await forgotten(lottery) == {replaced}


async def test_an_entry_without_a_saved_card_takes_no_part(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0))
    fan = await lottery.fan("fan@example.org")
    asked = await lottery.ask(fan)
    assert asked.json()["page_url"] == f"https://card.example/{fan.method_id}"
    failed = await lottery.fan("failed@example.org")
    await lottery.ask(failed)
    await lottery.save_card(failed, PaymentState.DECLINED)
    assert [(await lottery.mine(one))["card_failed"] for one in (fan, failed)] == [False, True]
    await lottery.drawn()
    assert await states(lottery, [fan, failed]) == ["lapsed", "lapsed"]
    assert (await lottery.file("entries.jsonl")).text.count("\n") == 1


async def test_an_entry_is_changed_and_withdrawn_until_the_close(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 4, 0), (BLUE, 4, 0))
    fan = await lottery.entered("fan@example.org")
    before = await lottery.mine(fan)
    changed = await lottery.ask(fan, [BLUE, GOLD], party={"full": 3})
    assert changed.json()["page_url"] is None, "the card is the same"
    after = await lottery.mine(fan)
    assert (after["code"], after["wishes"], after["party"]["full"]) == (before["code"], [str(BLUE), str(GOLD)], 3)
    gone = await fan.box.ask("DELETE", f"{lottery.path}/entry")
    assert gone.status_code == 204
    assert await lottery.mine(fan) is None
    assert await forgotten(lottery) == {fan.method_id}
    lottery.clock.advance(HOUR)
    again = Entrant(fan.box, fan.email)
    assert (await lottery.ask(again)).json()["code"] == "draw_not_open"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"consents": False}, "consent_required"),
        ({"party": {"full": 5}}, "party_invalid"),
        ({"party": {"full": 2}, "wheelchair": True, "needs_consent": True}, "party_invalid"),
        ({"wishes": [str(BLUE)]}, "category_unknown"),
        ({"wishes": []}, "invalid_input"),
        ({"wishes": [str(GOLD), str(GOLD)]}, "invalid_input"),
    ],
)
async def test_an_impossible_entry_is_refused(lottery: Lottery, changes: dict[str, Any], code: str) -> None:
    await lottery.opened((GOLD, 4, 0))
    fan = await lottery.fan("fan@example.org")
    assert (await lottery.ask(fan, **changes)).json()["code"] == code
    assert await lottery.system.rows("select 1 from draws.entry") == []


async def test_a_winner_who_reached_the_limit_of_the_event_is_released(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    async with lottery.system.db.transaction() as conn:
        await conn.execute("update programme.event set rules = jsonb_set(rules, '{limit_per_buyer}', '1')")
    await lottery.drawn()
    mine = await lottery.mine(fan)
    assert (mine["state"], mine["reason"]) == ("released", "limit_reached")


async def test_quotas_that_were_sold_otherwise_leave_winners_unseated_and_nobody_is_charged(
    lottery: Lottery, tmp_path: Path
) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await lottery.run()
    lottery.clock.advance(HOUR)
    await lottery.run()
    ((places,),) = await lottery.system.rows(
        "select array_agg(place) from (select generate_series(0, 60000)) as all_places (place)"
    )
    async with lottery.system.db.transaction() as conn:
        await conn.execute(
            "insert into ticketing.claim (event_id, place, order_id) select $1, place, $2 from unnest($3::integer[]) "
            "as place",
            lottery.system.event_id,
            new_id(),
            places,
        )
    lottery.clock.advance(HOUR)
    await lottery.run()
    assert (await lottery.mine(fan))["reason"] == "unseated"
    assert lottery.provider.charged == {}
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words


async def test_a_cancelled_draw_ends_the_entries_tells_the_people_and_forgets_their_cards(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fan = await lottery.entered("fan@example.org")
    await lottery.run()
    assert (await lottery.step("cancel")).status_code == 200
    await lottery.run()
    assert (await lottery.mine(fan))["state"] == "cancelled"
    assert await lottery.kinds() == ["draw_entered", "draw_cancelled"]
    assert await forgotten(lottery) == {fan.method_id}


async def test_a_cancelled_event_ends_the_draw_and_the_tickets_are_refunded(lottery: Lottery) -> None:
    await lottery.opened((GOLD, 2, 0))
    fans = [await lottery.entered(f"fan{number}@example.org") for number in range(2)]
    await lottery.drawn()
    await lottery.system.cancel()
    await lottery.run()
    assert sorted(await states(lottery, fans)) == ["cancelled", "paid"]
    assert (await lottery.public())["state"] == "cancelled"


async def test_a_run_that_is_interrupted_anywhere_goes_on_with_the_same_result(
    lottery: Lottery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lottery.opened((GOLD, 6, 0))
    fans = [await lottery.entered(f"fan{number}@example.org") for number in range(6)]
    await lottery.run()
    lottery.clock.advance(2 * HOUR)
    for name in ("freeze", "make", "apply"):
        real = getattr(drawing, name)

        async def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError("interrupted")

        monkeypatch.setattr(drawing, name, broken)
        with pytest.raises(RuntimeError, match="interrupted"):
            await lottery.run()
        monkeypatch.setattr(drawing, name, real)
    await lottery.run()
    await lottery.run()
    assert sorted(await states(lottery, fans)) == ["paid"] * 3 + ["waiting"] * 3
    assert len(lottery.provider.charged) == 3
    status, words = await verified(lottery, tmp_path)
    assert status == 0, words
