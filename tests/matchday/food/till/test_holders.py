"""The cashier sees the card holder's short name once; it is never stored."""

from asyncio import gather
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, Fan, by_card, sent
from tests.matchday.food.till.test_pins import PIN, WRONG, ask, expensive_sale, with_pin
from tests.money.fiscal.till import NOW
from virage.identity.people import acts as people
from virage.identity.people.rules.persons import short_name
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

NAME, SHORT = "Test Holder", "Test H."


async def owned(bar: "Bar", fan: Fan, name: str | None = NAME, label: str | None = None) -> UUID:
    """Link the card to a person with this name and label."""
    async with bar.db.transaction() as conn:
        person_id = await people.ensure_fan(conn, f"{new_id().hex}@example.org", name, NOW)
        await conn.execute("update wallet_accounts.purse set owner_id = $1 where id = $2", person_id, fan.wallet_id)
        await conn.execute("update wallet_cards.card set label = $1 where id = $2", label, fan.card_id)
    return person_id


@pytest.mark.parametrize(
    ("name", "label", "shown"), [(NAME, None, SHORT), (NAME, "Blue card", "Blue card"), (None, None, None)]
)
async def test_a_paid_tap_shows_the_holder_by_a_short_name(
    bar: "Bar", name: str | None, label: str | None, shown: str | None
) -> None:
    till, fan = await bar.till(), await bar.fan(9_000)
    await owned(bar, fan, name, label)
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (answer.outcome, answer.holder) == ("booked", shown)


async def test_an_unlinked_card_shows_no_holder(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(9_000)
    async with bar.db.transaction() as conn:
        await conn.execute("update wallet_cards.card set label = 'Box 12' where id = $1", fan.card_id)
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (answer.outcome, answer.holder) == ("booked", None)


async def test_each_of_a_batch_sees_its_own_holder(bar: "Bar") -> None:
    fans = [await bar.fan(9_000) for _ in range(3)]
    tills = [await bar.till() for _ in fans]
    await owned(bar, fans[0])
    await owned(bar, fans[2], "Nour Benali", "Terrace")
    records = [
        till.sign(till.record(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())))
        for till, fan in zip(tills, fans, strict=True)
    ]
    answers = await gather(*(bar.send(till, sent(one)) for till, one in zip(tills, records, strict=True)))
    assert [answer.holder for (answer,) in answers] == [SHORT, None, "Terrace"]


async def test_above_the_cap_the_cashier_sees_the_holder_before_the_pin(bar: "Bar") -> None:
    till, fan = await bar.till(), await with_pin(bar)
    await owned(bar, fan)
    sale = expensive_sale(till, fan)
    asked, wrong, booked = [await ask(bar, till, sale, pin) for pin in (None, WRONG, PIN)]
    assert [one.reason for one in (asked, wrong, booked)] == ["confirmation_required", "pin_wrong", None]
    assert [one.holder for one in (asked, wrong, booked)] == [SHORT] * 3


async def test_no_holder_is_sent_with_other_refusals_or_offline_sales(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(ROUND_CENTS)
    await owned(bar, fan)
    spent = fan.tap()
    (offline,) = await bar.sell_offline(till, by_card(ROUND_CENTS, spent))
    assert (offline.outcome, offline.holder) == ("booked", None)
    for reason, proof in (("insufficient_funds", fan.tap()), ("tap_replayed", spent)):
        _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, proof))
        assert (answer.reason, answer.holder) == (reason, None)


async def test_the_holder_is_never_stored_and_an_erased_owner_is_not_shown(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(9_000)
    person_id = await owned(bar, fan)
    written, first = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert first.holder == SHORT
    assert b"Test H" not in written.body
    async with bar.db.transaction() as conn:
        facts = await conn.fetch("select data::text from kernel.journal")
        assert not [fact for fact in facts if "Test H" in fact[0]]
        await conn.execute(
            "update people.person set name = null, email = null, erased_at = $2 where id = $1", person_id, NOW
        )
    _, again = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (again.outcome, again.holder) == ("booked", None)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Test Holder", "Test H."),
        ("Jean-Luc de la tour", "Jean-Luc T."),
        ("Nour", "Nour"),
        ("  ", None),
        ("", None),
    ],
)
def test_a_short_name_has_one_initial_of_the_last_name(name: str, short: str | None) -> None:
    assert short_name(name) == short
