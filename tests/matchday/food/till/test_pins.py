"""PIN confirmation of taps above the cap."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tests.matchday.food.till.bar import CAP_CENTS, Fan, by_card, sent
from tests.money.fiscal.till import NOW, Till, beer
from virage.identity.people.rules.pins import verifier_of
from virage.matchday.food.till.acts.selling import RecordAnswer
from virage.money.fiscal.rules.record import Tender, TenderKind, VerifiedRecord
from virage.money.wallet.cards.rules.cards import PIN_TRIES_MAX
from virage.money.wallet.cards.store import taps

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

PIN, WRONG = "482913", "482914"
EXPENSIVE, EXPENSIVE_CENTS = [beer(8)], 5_600


async def with_pin(bar: "Bar", cents: int = 20_000) -> Fan:
    fan = await bar.fan(cents)
    async with bar.db.connection() as conn:
        await taps.put_card_pin(conn, fan.card_id, verifier_of(PIN, bytes(16), 1_000), NOW)
    return fan


async def ask(
    bar: "Bar", till: Till, written: VerifiedRecord, pin: str | None = None, *, offline: bool = False
) -> RecordAnswer:
    pins = {} if pin is None else {"0": pin}
    (answer,) = await bar.send(till, replace(sent(written, offline=offline), pins=pins))
    return answer


async def tries(bar: "Bar", fan: Fan) -> int:
    async with bar.db.connection() as conn:
        return int(await conn.fetchval("select tries from wallet_cards.card_pin where card_id = $1", fan.card_id))


def expensive_sale(till: Till, fan: Fan) -> VerifiedRecord:
    return till.sign(till.record(lines=EXPENSIVE, tenders=by_card(EXPENSIVE_CENTS, fan.tap())))


async def test_a_sale_above_the_cap_asks_for_the_pin_and_the_same_bytes_with_it_are_booked_once(bar: "Bar") -> None:
    till, fan = await bar.till(), await with_pin(bar)
    sale = expensive_sale(till, fan)
    asked = await ask(bar, till, sale)
    assert (asked.reason, asked.data) == ("confirmation_required", {"cap_cents": CAP_CENTS})
    wrong = await ask(bar, till, sale, WRONG)
    assert (wrong.reason, wrong.data, await tries(bar, fan)) == ("pin_wrong", {"tries_left": PIN_TRIES_MAX - 1}, 1)
    booked = await ask(bar, till, sale, PIN)
    assert (booked.outcome, booked.available_cents, await tries(bar, fan)) == ("booked", 20_000 - EXPENSIVE_CENTS, 0)
    assert (await ask(bar, till, sale, WRONG)).outcome == "known", "the same bytes with another PIN after a lost answer"
    assert await bar.balance_of(fan) == 20_000 - EXPENSIVE_CENTS
    assert await bar.of_kind("loss") == 0


async def test_the_fifth_wrong_pin_blocks_the_card(bar: "Bar") -> None:
    till, fan = await bar.till(), await with_pin(bar)
    sale = expensive_sale(till, fan)
    offline = [await ask(bar, till, sale, WRONG) for _ in range(PIN_TRIES_MAX)]
    assert [answer.data["tries_left"] for answer in offline] == [4, 3, 2, 1, 0]
    answer = await ask(bar, till, sale, PIN)
    assert (answer.reason, answer.data) == ("card_blocked", {"reason": "pin"})
    assert await bar.balance_of(fan) == 20_000


async def test_a_replayed_tap_and_a_card_without_pin_use_no_attempt(bar: "Bar") -> None:
    till, thief, fan, other = await bar.till(), await bar.till(), await with_pin(bar), await bar.fan(20_000)
    sale = expensive_sale(till, fan)
    assert (await ask(bar, till, sale, PIN)).outcome == "booked"
    copy = thief.sign(thief.record(lines=EXPENSIVE, tenders=sale.record.tenders))
    for _ in range(PIN_TRIES_MAX):
        assert (await ask(bar, thief, copy, WRONG)).reason == "tap_replayed"
    assert await tries(bar, fan) == 0
    assert (await ask(bar, thief, expensive_sale(thief, other), PIN)).reason == "pin_not_set"


async def test_an_offline_sale_is_booked_whatever_its_pin(bar: "Bar") -> None:
    till, fan = await bar.till(), await with_pin(bar)
    answer = await ask(bar, till, expensive_sale(till, fan), WRONG, offline=True)
    assert (answer.outcome, answer.loss_cents, await tries(bar, fan)) == ("booked", 0, 0)


async def test_a_forged_phone_proof_is_refused_online_and_a_loss_offline(bar: "Bar") -> None:
    till = await bar.till()
    sale = till.sign(till.record(lines=EXPENSIVE, tenders=[Tender(TenderKind.VIRTUAL_CARD, EXPENSIVE_CENTS, "e30")]))
    assert (await ask(bar, till, sale)).reason == "proof_forged"
    assert (await ask(bar, till, sale, offline=True)).loss_cents == EXPENSIVE_CENTS
    assert await bar.lost(till.id) == [(EXPENSIVE_CENTS, "proof_forged")]
