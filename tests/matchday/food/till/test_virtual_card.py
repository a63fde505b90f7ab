"""Phone payments at tills: the signed amount, once, and no wallet below zero."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tests.identity.passes.make_vectors import Ed25519Phone
from tests.matchday.food.till.bar import CAP_CENTS, ROUND, ROUND_CENTS, sent
from tests.money.fiscal.till import NOW, Till, beer
from tests.money.wallet.cards.proofs import proof_text
from tests.money.wallet.ledger.books import loaded_wallet
from virage.money.fiscal.rules.record import Kind, Record, Tender, TenderKind, VerifiedRecord
from virage.money.wallet.cards.acts import virtual_cards as acts
from virage.money.wallet.cards.rules.virtual_cards import PAY_PURPOSE, Challenge, PhoneKey, challenge_bytes
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk

if TYPE_CHECKING:
    from tests.conftest import FakeClock
    from tests.matchday.food.till.bar import Bar
    from virage.matchday.food.till.acts.selling import RecordAnswer


class Fan:
    """Return a fan with a loaded wallet and a paying phone."""

    def __init__(self) -> None:
        self.id, self.key_id = new_id(), new_id()
        self.phone = Ed25519Phone(str(self.id))
        self.wallet_id = new_id()

    def sign(self, record: Record, cents: int) -> str:
        challenge = Challenge(record.at, cents, record.id, record.outlet, record.till)
        return proof_text(self.key_id, self.phone.sign(PAY_PURPOSE + challenge_bytes(challenge)))


async def a_fan(bar: "Bar", cents: int) -> Fan:
    fan = Fan()
    async with bar.db.transaction() as conn:
        fan.wallet_id = await loaded_wallet(conn, cents, fan.id)
        public = Jwk("OKP", "Ed25519", fan.phone.jwk()["x"])
        registered = await acts.register(conn, fan.id, acts.NewPhone(fan.key_id, public), NOW)
    assert isinstance(registered, PhoneKey)
    return fan


def by_phone(till: Till, *shares: tuple[Fan, int], lines: Any = ROUND, **changes: Any) -> VerifiedRecord:
    """Return a sale paid by phones, which sign the challenge of its record."""
    tenders = [Tender(TenderKind.VIRTUAL_CARD, cents, "x") for _, cents in shares]
    record = till.record(Kind.SALE, lines=lines, tenders=tenders, **changes)
    signed = [Tender(TenderKind.VIRTUAL_CARD, cents, fan.sign(record, cents)) for fan, cents in shares]
    return till.sign(replace(record, tenders=signed))


async def ask(
    bar: "Bar", till: Till, written: VerifiedRecord, *, offline: bool = False, process: int = 0
) -> "RecordAnswer":
    (answer,) = await bar.send(till, sent(written, offline=offline), process=process)
    if answer.outcome == "booked":
        till.keep(written)
    return answer


async def balance_of(bar: "Bar", fan: Fan) -> int:
    async with bar.db.connection() as conn:
        return int(await conn.fetchval("select balance_cents from wallet_ledger.account where id = $1", fan.wallet_id))


async def test_a_phone_pays_what_it_signed_once_and_above_the_cap_of_a_tap(bar: "Bar") -> None:
    till, fan = await bar.till(), await a_fan(bar, 10_000)
    dear = [beer(1, CAP_CENTS + 1_000)]
    written = by_phone(till, (fan, CAP_CENTS + 1_000), lines=dear)
    assert (await ask(bar, till, written)).available_cents == 4_000
    assert (await bar.send(till, sent(written), process=1))[0].outcome == "known"
    assert await balance_of(bar, fan) == 4_000
    assert await bar.of_kind("revenue") == CAP_CENTS + 1_000


async def test_a_phone_proof_pays_only_its_sale_and_amount(bar: "Bar") -> None:
    till, fan = await bar.till(), await a_fan(bar, 10_000)
    paid = by_phone(till, (fan, ROUND_CENTS))
    proof = paid.record.tenders[0].proof
    assert (await ask(bar, till, paid)).outcome == "booked"
    dearer = [Tender(TenderKind.VIRTUAL_CARD, ROUND_CENTS, proof)]
    assert (await bar.sell_online(till, dearer))[1].reason == "proof_forged", "another record"
    record = till.record(Kind.SALE, lines=ROUND, tenders=[Tender(TenderKind.VIRTUAL_CARD, ROUND_CENTS, "x")])
    cheap = replace(record, tenders=[Tender(TenderKind.VIRTUAL_CARD, ROUND_CENTS, fan.sign(record, 100))])
    assert (await ask(bar, till, till.sign(cheap))).reason == "proof_forged", "another amount"
    assert await balance_of(bar, fan) == 10_000 - ROUND_CENTS


async def test_one_confirmation_pays_one_part_and_two_phones_can_share(bar: "Bar") -> None:
    till, first, second = await bar.till(), await a_fan(bar, 5_000), await a_fan(bar, 5_000)
    half = ROUND_CENTS // 2
    assert (await ask(bar, till, by_phone(till, (first, half), (first, half)))).reason == "proof_used"
    assert (await ask(bar, till, by_phone(till, (first, half), (second, half)))).outcome == "booked"
    assert [await balance_of(bar, fan) for fan in (first, second)] == [5_000 - half] * 2


async def test_a_late_phone_proof_is_refused_online_and_accepted_offline(bar: "Bar", clock: "FakeClock") -> None:
    till, fan = await bar.till(), await a_fan(bar, 5_000)
    written = by_phone(till, (fan, ROUND_CENTS))
    clock.advance(timedelta(minutes=11))
    assert (await ask(bar, till, written)).reason == "clock_wrong"
    offline = await ask(bar, till, written, offline=True)
    assert (offline.outcome, offline.loss_cents) == ("booked", 0)
    assert await balance_of(bar, fan) == 5_000 - ROUND_CENTS


async def test_a_phone_proof_older_than_its_key_or_a_week_is_refused(bar: "Bar", clock: "FakeClock") -> None:
    till, fan = await bar.till(), await a_fan(bar, 5_000)
    back_dated = by_phone(till, (fan, ROUND_CENTS), at="2026-05-09T17:49:59.999Z")
    before = await ask(bar, till, back_dated, offline=True)
    assert (before.outcome, before.loss_cents) == ("booked", ROUND_CENTS)
    kept_back = by_phone(till, (fan, ROUND_CENTS))
    clock.advance(timedelta(days=7, seconds=1))
    after = await ask(bar, till, kept_back, offline=True)
    assert (after.outcome, after.loss_cents) == ("booked", ROUND_CENTS)
    assert await bar.lost(till.id) == [(ROUND_CENTS, "proof_too_old")] * 2
    assert await balance_of(bar, fan) == 5_000


async def test_a_phone_that_its_owner_blocked_pays_only_what_it_signed_before(bar: "Bar", clock: "FakeClock") -> None:
    till, fan = await bar.till(), await a_fan(bar, 5_000)
    before = by_phone(till, (fan, ROUND_CENTS))
    clock.advance(timedelta(minutes=1))
    async with bar.db.transaction() as conn:
        assert await acts.block(conn, fan.id, fan.key_id, clock.now()) is None
    assert (await ask(bar, till, before)).reason == "card_blocked"
    assert (await ask(bar, till, before, offline=True)).loss_cents == 0
    till.at = clock.now()
    after = await ask(bar, till, by_phone(till, (fan, ROUND_CENTS)), offline=True)
    assert (after.outcome, after.loss_cents) == ("booked", ROUND_CENTS)
    assert await bar.lost(till.id) == [(ROUND_CENTS, "card_blocked")]


async def test_two_tills_at_once_never_take_a_wallet_below_zero(bar: "Bar") -> None:
    tills, fan = [await bar.till() for _ in range(4)], await a_fan(bar, ROUND_CENTS * 2 + 10)
    sales = [by_phone(till, (fan, ROUND_CENTS)) for till in tills]
    answers = await asyncio.gather(
        *(ask(bar, till, sale, process=at % 2) for at, (till, sale) in enumerate(zip(tills, sales, strict=True)))
    )
    assert sorted(answer.outcome for answer in answers) == ["booked", "booked", "refused", "refused"]
    assert {answer.reason for answer in answers if answer.outcome == "refused"} == {"insufficient_funds"}
    assert await balance_of(bar, fan) == 10
    assert await bar.of_kind("loss") == 0


async def test_a_phone_payment_is_refunded_to_its_wallet(bar: "Bar") -> None:
    till, fan = await bar.till(), await a_fan(bar, 5_000)
    written = by_phone(till, (fan, ROUND_CENTS))
    assert (await ask(bar, till, written)).outcome == "booked"
    assert (await bar.refund(till, written, 700, TenderKind.VIRTUAL_CARD)).outcome == "booked"
    assert await balance_of(bar, fan) == 5_000 - ROUND_CENTS + 700
