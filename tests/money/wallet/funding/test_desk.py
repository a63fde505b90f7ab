"""A cash desk tops up wallets and pays out cash top-ups: once, within the legal limits, and its
drawer agrees.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from tests.money.wallet.cards.chip import shown
from tests.money.wallet.funding.desks import CASHIER, Desk, by_tap, pair_till, signed_load, texts
from tests.money.wallet.ledger.books import payment, posted
from tests.zones import PARIS
from virage.identity.people.rules.pins import verifier_of
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.cards.acts.card_pins import set_card_pin
from virage.money.wallet.cards.acts.cards import Block, block_cards
from virage.money.wallet.cards.rules.cards import BlockReason
from virage.money.wallet.funding.acts import top_ups as wallet_acts
from virage.money.wallet.funding.reads.desk import takings
from virage.money.wallet.funding.reads.wallets import export, wallet_view
from virage.money.wallet.funding.rules.top_ups import Limits
from virage.money.wallet.ledger.rules import Posted
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Wallets

PIN = "482915"


async def spent(wallets: "Wallets", wallet_id: UUID, cents: int) -> None:
    (outcome,) = await posted(wallets.db, [payment(wallet_id, cents)])
    assert isinstance(outcome, Posted)


async def test_cash_top_ups_are_paid_out_in_cash_and_the_drawer_balances(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    loaded = await desk.load(held, 3_000)
    assert (loaded["available_cents"], loaded["cents"]) == (3_000, 3_000)
    assert await desk.stands() == -3_000
    await spent(wallets, held.wallet_id, 1_200)
    seen = await desk.look(by_tap(held))
    assert (seen["available_cents"], seen["payable_cash_cents"], seen["anonymous"]) == (1_800, 1_800, True)
    assert await desk.refused(by_tap(held), -1_801) == ("insufficient_funds", {"available_cents": 1_800})
    assert (await desk.load(held, -1_800))["available_cents"] == 0
    assert await desk.stands() == -1_200
    async with wallets.transaction() as conn:
        (taking,) = await takings(conn, wallets.clock.now(), wallets.clock.now() + timedelta(seconds=1))
    assert (taking.till_id, taking.tender, taking.cents) == (desk.id, "cash", 1_200)
    facts = [(fact["what"], fact["who"]) for fact in await wallets.facts() if fact["what"].startswith("purse_cash")]
    assert facts == [("purse_cash_load", CASHIER), ("purse_cash_payout", CASHIER)]


async def test_bank_card_top_ups_are_not_paid_out_in_cash(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    await desk.load(held, 2_000, "terminal", slip="0042")
    assert await desk.refused(by_tap(held), -500) == ("exceeds_what_came_in", {"payable_cents": 0})
    await desk.load(held, 700)
    seen = await desk.look(by_tap(held))
    assert (seen["payable_cash_cents"], seen["payable_terminal_cents"]) == (700, 2_000)
    assert (await desk.load(held, -2_000, "terminal", slip="0043"))["available_cents"] == 700
    assert (await desk.stands(DeskTender.TERMINAL), await desk.stands()) == (0, -700)


async def test_a_request_repeated_after_a_lost_answer_books_once(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    by, id_ = by_tap(held), new_id()
    sent = texts(signed_load(desk.signer, await desk.says(by, 1_000, id=id_)))
    first = await desk.send(by, sent)
    wallets.clock.advance(timedelta(hours=1))
    again = await desk.send(by, sent)
    assert again.json() == first.json(), "also after the tap has expired"
    assert await desk.refused(by, 1_001, id=id_) == ("load_id_taken", {})
    assert await desk.refused(by_tap(held), 1_000, "terminal", id=id_) == ("load_id_taken", {})
    other = Desk(wallets, "other desk")
    async with wallets.transaction() as conn:
        await pair_till(conn, other.id, other.signer)
    assert (await other.load(held, 500, id=id_))["available_cents"] == 1_500, "ids are unique for each till"
    assert await desk.stands() == -1_000


async def test_anonymous_cards_are_limited_in_balance_and_monthly_top_ups(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    assert (await desk.refused(by_tap(held), 499))[0] == "amount_below_min"
    assert (await desk.refused(by_tap(held), 15_001))[0] == "amount_above_max"
    await desk.load(held, 10_000)
    assert await desk.refused(by_tap(held), 5_001) == (
        "anonymous_would_exceed",
        {"left_cents": 5_000, "max_cents": 15_000},
    )
    await spent(wallets, held.wallet_id, 8_000)
    assert (await desk.look(by_tap(held)))["loadable_cents"] == 5_000
    assert await desk.refused(by_tap(held), 5_001) == (
        "anonymous_month_reached",
        {"left_cents": 5_000, "max_cents": 15_000},
    )
    await desk.load(held, 5_000)
    wallets.clock.advance(timedelta(days=31))
    assert (await desk.look(by_tap(held)))["loadable_cents"] == 8_000
    fan = await wallets.card(wallets.knows("fan"))
    for _ in range(2):
        await desk.load(fan, 12_000)
    assert await desk.refused(by_tap(fan), 1_001) == ("purse_would_exceed", {"left_cents": 1_000})


async def test_a_printed_code_allows_top_ups_and_no_payouts(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card(wallets.knows("fan"))
    code = {"code": held.code.lower()}
    assert (await desk.ask(code, 2_000)).json()["available_cents"] == 2_000
    assert await desk.refused(code, -500) == ("tap_required", {})
    assert (await desk.look(code))["available_cents"] == 2_000
    assert (await desk.refused({"code": "ZZZZZ-ZZZZZ"}, 500))[0] == "card_unknown"
    for by in ({}, code | by_tap(held)):
        assert (await desk.ask(by, 500)).status_code == 400
    assert (await desk.refused(code, 0))[0] == "load_invalid"
    async with wallets.transaction() as conn:
        await block_cards(conn, [Block(held.id, BlockReason.LOST, None)], wallets.clock.now())
    for by in (code, by_tap(held)):
        assert await desk.refused(by, 1_000) == ("card_blocked", {"reason": "lost"}), "a lost card is not topped up"


async def test_old_and_forged_taps_top_up_nothing(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    by = by_tap(held)
    await desk.look(by)
    assert (await desk.ask(by, 1_000)).status_code == 200, "a viewed tap allows top-ups for five minutes"
    assert (await desk.refused(by, -500))[0] == "tap_replayed", "a viewed tap allows no payout"
    wallets.clock.advance(timedelta(minutes=6))
    assert (await desk.refused(by, 1_000))[0] == "tap_replayed"
    paid = by_tap(held)
    assert (await desk.ask(paid, -200)).status_code == 200
    assert (await desk.refused(paid, -200))[0] == "tap_replayed", "one tap allows one payout"
    assert (await desk.refused(paid, 1_000))[0] == "tap_replayed"
    forged = by_tap(held)["tap"][:-1] + "G"
    for tap in (forged, "picc_data=0&cmac=0", ""):
        assert (await desk.refused({"tap": tap}, 1_000))[0] == "tap_forged"


async def test_a_payout_by_tap_is_limited_per_tap_and_per_day(wallets: "Wallets", desk: Desk) -> None:
    owner = wallets.knows("fan")
    held = await wallets.card(owner)
    await desk.load(held, 12_000)
    assert await desk.refused(by_tap(held), -6_000) == ("confirmation_required", {"cap_cents": 5_000})
    async with wallets.transaction() as conn:
        verifier = verifier_of(PIN, b"salt" * 4, 10)
        assert await set_card_pin(conn, held.id, owner, verifier, wallets.clock.now()) is None
    answer = await desk.ask(by_tap(held), -6_000, pin="111111")
    assert answer.json()["code"] == "pin_wrong"
    stale = by_tap(held)
    await desk.look(stale)
    for _ in range(5):
        assert (await desk.refused(stale, -6_000, pin="111111"))[0] == "tap_replayed", (
            "a replayed tap uses no PIN attempt"
        )
    assert (await desk.load(held, -6_000, pin=PIN))["available_cents"] == 6_000
    limit = {"daily_limit_cents": 7_000}
    assert (await wallets.ask("fan", "PUT", f"/api/me/cards/{held.id}/daily-limit", limit)).status_code == 204
    assert (await desk.refused(by_tap(held), -2_000))[0] == "daily_limit_reached"
    seen = await desk.look(by_tap(held))
    assert (seen["anonymous"], seen["payable_cash_cents"]) == (False, 6_000)


async def test_concurrent_desks_never_exceed_the_limits_of_payouts_and_top_ups(wallets: "Wallets", desk: Desk) -> None:
    first = await wallets.card()
    await desk.load(first, 9_000)
    cards = [first, *[await wallets.card(wallet_id=first.wallet_id) for _ in range(3)]]
    payouts = [desk.ask(by_tap(card), -4_000) for card in cards]
    sales = [posted(wallets.db, [payment(first.wallet_id, 700)]) for _ in range(4)]
    answers, outcomes = await asyncio.gather(asyncio.gather(*payouts), asyncio.gather(*sales))
    paid = sum(answer.status_code == 200 for answer in answers)
    sold = sum(isinstance(outcome, Posted) for (outcome,) in outcomes)
    refused = {answer.json()["code"] for answer in answers if answer.status_code != 200}
    assert refused <= {"insufficient_funds", "exceeds_what_came_in"}
    left = (await desk.look(by_tap(first)))["available_cents"]
    assert left == 9_000 - 4_000 * paid - 700 * sold >= 0
    assert await desk.stands() == 4_000 * paid - 9_000
    loads = await asyncio.gather(*[desk.ask(by_tap(card), 5_000) for card in cards])
    assert sum(answer.status_code == 200 for answer in loads) == 1, "concurrent requests never exceed 150 a month"


async def test_a_fan_sees_desk_transactions_and_takes_the_balance_before_an_erasure(
    wallets: "Wallets", desk: Desk
) -> None:
    owner = wallets.knows("fan")
    held = await wallets.card(owner)
    await desk.load(held, 3_000)
    async with wallets.transaction() as conn:
        view = await wallet_view(conn, owner, Limits(500, 15_000, 25_000), zone=PARIS, now=wallets.clock.now())
        assert [(line.purpose, line.cents) for line in view.history] == [("cash_load", 3_000)]
        assert (view.desk_cents, view.refundable_cents) == (3_000, 0)
        exported = await export(conn, owner)
        assert [(load["cents"], load["tender"], set(load) & {"cashier"}) for load in exported["desk"]] == [
            (3_000, "cash", set())
        ]
        refused = await wallet_acts.erased(conn, owner, wallets.clock.now())
        assert refused is not None
        assert (refused.reason, refused.data) == ("wallet_not_empty", {"left_cents": 3_000})
    await desk.load(held, -3_000)
    async with wallets.transaction() as conn:
        assert await wallet_acts.erased(conn, owner, wallets.clock.now()) is None
    assert (await desk.refused(by_tap(held), 1_000))[0] == "purse_frozen"


async def test_cash_of_an_anonymous_card_stays_cash_after_a_link(wallets: "Wallets", desk: Desk) -> None:
    await wallets.card(wallets.knows("fan"))
    held = await wallets.card()
    await desk.load(held, 2_000)
    link = {"tap": shown(held.tap()), "code": held.code}
    assert (await wallets.ask("fan", "POST", "/api/me/cards", link)).status_code == 200
    assert (await desk.load(held, -2_000))["available_cents"] == 0


async def test_terminal_top_ups_do_not_become_cash_by_a_link(wallets: "Wallets", desk: Desk) -> None:
    await wallets.card(wallets.knows("fan"))
    held = await wallets.card()
    await desk.load(held, 2_000, "terminal", slip="0042")
    await desk.load(held, 1_000)
    await spent(wallets, held.wallet_id, 500)
    link = {"tap": shown(held.tap()), "code": held.code}
    assert (await wallets.ask("fan", "POST", "/api/me/cards", link)).status_code == 200
    seen = await desk.look(by_tap(held))
    assert (seen["payable_cash_cents"], seen["payable_terminal_cents"]) == (500, 2_000)
    assert await desk.refused(by_tap(held), -501) == ("exceeds_what_came_in", {"payable_cents": 500})
    assert (await desk.load(held, -2_000, "terminal"))["available_cents"] == 500
    assert await desk.stands(DeskTender.TERMINAL) == 0
