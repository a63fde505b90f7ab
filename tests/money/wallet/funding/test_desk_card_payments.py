"""Top-ups at a desk by a card reader: the wallet is credited only with captured money, once."""

from typing import TYPE_CHECKING, Any

from tests.money.card_readers.readers import captured, reader_of, refunds_of, requested, settled
from tests.money.wallet.funding.desks import Desk, by_tap
from virage.money.card_readers import acts
from virage.money.wallet.accounts.rules.wallets import DeskTender

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Wallets


async def test_a_top_up_by_reader_needs_captured_money_of_its_amount(wallets: "Wallets", desk: Desk) -> None:
    held, now = await wallets.card(), wallets.clock.now()
    await reader_of(wallets.db, desk.id, now)
    payment = await requested(wallets.db, desk.id, 2_000, now)
    about: dict[str, Any] = {"id": payment.record_id, "slip": payment.reference}
    assert await desk.refused(by_tap(held), 2_000, "terminal", **about) == ("card_payment_not_captured", {})
    await settled(wallets.db, payment, now)
    assert await desk.refused(by_tap(held), 2_001, "terminal", **about) == ("card_payment_wrong", {})
    assert (await desk.load(held, 2_000, "terminal", **about))["available_cents"] == 2_000
    again = {"slip": payment.reference}
    assert await desk.refused(by_tap(held), 2_000, "terminal", **again) == ("card_payment_wrong", {})
    assert await desk.stands(DeskTender.TERMINAL) == -2_000
    async with wallets.transaction() as conn:
        refused = await acts.give_back(conn, payment.id, desk.id, now)
    assert getattr(refused, "reason", None) == "card_payment_booked"


async def test_a_payment_that_a_sale_has_booked_tops_up_nothing(wallets: "Wallets", desk: Desk) -> None:
    held, now = await wallets.card(), wallets.clock.now()
    await reader_of(wallets.db, desk.id, now)
    payment = await captured(wallets.db, desk.id, 2_000, now)
    async with wallets.db.connection() as conn:
        await conn.execute("update card_readers.payment set booked_at = $1 where id = $2", now, payment.id)
    about: dict[str, Any] = {"id": payment.record_id, "slip": payment.reference}
    assert await desk.refused(by_tap(held), 2_000, "terminal", **about) == ("card_payment_wrong", {})


async def test_a_top_up_that_is_refused_leaves_its_money_to_go_back(wallets: "Wallets", desk: Desk) -> None:
    held, now = await wallets.card(), wallets.clock.now()
    await reader_of(wallets.db, desk.id, now)
    payment = await captured(wallets.db, desk.id, 1, now)
    about: dict[str, Any] = {"id": payment.record_id, "slip": payment.reference}
    code, _ = await desk.refused(by_tap(held), 1, "terminal", **about)
    assert code == "amount_below_min"
    async with wallets.transaction() as conn:
        await acts.give_back(conn, payment.id, desk.id, now)
    assert await refunds_of(wallets.db, payment) == [1]
    assert await desk.refused(by_tap(held), 1, "terminal", **about) == ("card_payment_returned", {})
