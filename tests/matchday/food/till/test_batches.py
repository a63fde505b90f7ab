"""Decisions about batches of uploads: the result does not depend on how uploads are split."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
from hypothesis import given
from msgspec.structs import asdict

from tests.matchday.food.till.bar import LIMITS
from tests.money.fiscal.till import NOW, Till, beer, cup, fries, refund_of
from virage.matchday.food.till.rules.booking import (
    BookedPart,
    Part,
    PendingRefund,
    booked_parts,
    key_of,
    remaining_by_payer,
    sale_of,
)
from virage.matchday.food.till.rules.early_refunds import receipts_from
from virage.matchday.food.till.rules.limits import OfflineTaking
from virage.matchday.food.till.rules.tendering import (
    Batch,
    Decision,
    Outcome,
    Tendered,
    UploadedRecord,
    count,
    decide,
    offline_takings,
    refusal_of,
    taps_of,
    tender,
)
from virage.money.fiscal.types import REFUNDS, Kind, Line, Record, Tender, TenderKind, VerifiedRecord
from virage.money.wallet.cards.types import Spent, TapTaken
from virage.money.wallet.ledger.types import bonus
from virage.platform.values.refusals import Refused

CARD, WALLET = UUID(int=1), UUID(int=2)
BONUS = bonus(WALLET).id


class Shelf:
    """In-memory database of a bar with one card."""

    def __init__(self, own_cents: int, bonus_cents: int = 0) -> None:
        self.available = {WALLET: own_cents, BONUS: bonus_cents}
        self.booked: list[BookedPart] = []
        self.records: list[Record] = []
        self.awaiting: list[PendingRefund] = []
        self.alone: dict[UUID, list[OfflineTaking]] = {}

    def load(self, sent: Sequence[UploadedRecord]) -> Batch:
        """Return an immutable batch for these records."""
        new = dict(enumerate(sent))
        refused = {at: refusal for at, one in new.items() if (refusal := refusal_of(one)) is not None}
        refunds = {at: one for at, one in new.items() if at not in refused and one.record.kind in REFUNDS}
        sales = {at: one for at, one in new.items() if at not in refused and at not in refunds}
        offline = [one.record for one in sales.values() if one.offline]
        keys = {key_of(one) for one in offline}
        refunded = {sale for one in refunds.values() if (sale := sale_of(one.record)) is not None}
        early = [one for one in self.booked if one.refund_of in keys]
        wanted = {*refunded, *(one.refund_of for one in early if one.refund_of is not None)}
        receipts = receipts_from([*self.records, *offline], frozenset(wanted))
        return Batch(
            LIMITS,
            MappingProxyType(sales),
            MappingProxyType(refunds),
            MappingProxyType(refused),
            MappingProxyType({at: self._tendered(at, one) for at, one in sales.items()}),
            tuple(one for one in self.booked if one.key in refunded or one.refund_of in refunded),
            tuple(early),
            tuple(one for one in self.awaiting if one.of in keys),
            MappingProxyType(receipts),
            MappingProxyType({CARD: WALLET}),
            MappingProxyType(dict(self.available)),
            MappingProxyType({till: tuple(of_till) for till, of_till in self.alone.items()}),
        )

    @staticmethod
    def _tendered(at: int, sale: UploadedRecord) -> Tendered:
        """Accept the tap of a sale, within the daily limit."""
        taken = {place: TapTaken(tap.id, CARD, WALLET, 1, NOW) for (_, place), tap in taps_of({at: sale}).items()}
        tendered = tender(sale, taken, {})
        return count(tendered, [Spent(CARD, NOW.date(), one.amount_cents) for one in tendered.spends])

    def write(self, batch: Batch, decision: Decision) -> None:
        """Store the decision, as the database does."""
        sent = {**batch.sales, **batch.refunds}
        ended = {one.refund.key for one in decision.early.settled}
        self.awaiting = [one for one in self.awaiting if one.key not in ended]
        for settled in decision.early.settled:
            self.booked += settled.booked
            self._move(settled.parts)
        for at, one in booked(decision):
            record = sent[at].record
            self.records.append(record)
            self.booked += booked_parts(record, one.parts)
            self._move(one.parts)
            sale = sale_of(record)
            if sale is not None:
                self.awaiting += [
                    PendingRefund(
                        key_of(record), sale, part.tender, len(one.parts), part.awaits_cents, by_terminal=part.counts
                    )
                    for part in one.parts
                    if part.awaits_cents
                ]
        for till, took in offline_takings(batch.sales, batch.refunds, batch.tendered).items():
            for of_record in took.values():
                self.alone.setdefault(till, []).extend(OfflineTaking(NOW, *by) for by in of_record.by_card.items())

    def _move(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if part.payer is not None:
                self.available[part.payer.id] -= part.cents - part.loss_cents

    def upload(self, sent: Sequence[UploadedRecord]) -> Decision:
        batch = self.load(sent)
        decision = decide(batch)
        self.write(batch, decision)
        return decision

    @property
    def left(self) -> int:
        return sum(self.available.values())


def booked(decision: Decision) -> list[tuple[int, Outcome]]:
    return [(at, one) for at, one in sorted(decision.outcomes.items()) if one.refused is None]


def uploaded(written: VerifiedRecord, *, offline: bool = True) -> UploadedRecord:
    """Return an uploaded record with valid cards."""
    cards = [at for at, one in enumerate(written.record.tenders) if one.kind is TenderKind.CARD]
    return UploadedRecord(written, offline, {} if written.record.kind in REFUNDS else dict.fromkeys(cards))


def tenders(cents: int, by_hand: int) -> list[Tender]:
    """Return tenders of an amount, partly in cash, the rest by card; below zero a refund."""
    sign = -1 if cents < 0 else 1
    hand = min(by_hand, abs(cents)) * sign
    found = [Tender(TenderKind.CASH, hand, None), Tender(TenderKind.CARD, cents - hand, "x" if sign > 0 else None)]
    return [one for one in found if one.cents]


def sale_at(till: Till, lines: Sequence[Line], *, by_hand: int = 0, tip_cents: int = 0) -> VerifiedRecord:
    cents = sum(line.cents for line in lines) + tip_cents
    return till.write(lines=list(lines), tip_cents=tip_cents, tenders=tenders(cents, by_hand))


def refund_at(till: Till, sale: VerifiedRecord, lines: Sequence[Line], *, by_hand: int = 0) -> VerifiedRecord:
    cents = sum(line.cents for line in lines)
    back = {"lines": list(lines), "tenders": tenders(cents, by_hand), "refund_of": refund_of(sale)}
    return till.write(Kind.REFUND, **back)


LINES = st.lists(st.sampled_from([beer(), beer(2), fries(), cup()]), min_size=1, max_size=4)
BACK = st.lists(st.sampled_from([beer(-1), fries(-1), cup(-1)]), min_size=1, max_size=3)
CENTS = st.integers(0, 6_000)


@st.composite
def uploads(draw: Any) -> list[UploadedRecord]:
    """Sales and refunds of two tills in any order, also excessive and in cash."""
    tills = [Till(), Till()]
    sales = [
        sale_at(
            draw(st.sampled_from(tills)), draw(LINES), by_hand=draw(CENTS), tip_cents=draw(st.sampled_from([0, 100]))
        )
        for _ in range(draw(st.integers(1, 4)))
    ]
    refunds = [
        refund_at(draw(st.sampled_from(tills)), draw(st.sampled_from(sales)), draw(BACK), by_hand=draw(CENTS))
        for _ in range(draw(st.integers(0, 4)))
    ]
    return [
        uploaded(one, offline=draw(st.booleans()) or one in refunds) for one in draw(st.permutations(sales + refunds))
    ]


def cut(sent: Sequence[UploadedRecord], cuts: Iterable[int]) -> list[Sequence[UploadedRecord]]:
    """Split records into batches."""
    at = [0, *sorted({min(one, len(sent)) for one in cuts}), len(sent)]
    return [sent[since:until] for since, until in pairwise(at) if until > since]


@given(uploads(), CENTS, CENTS, st.lists(st.integers(0, 8), max_size=3))
def test_records_are_booked_with_their_amounts_and_no_wallet_is_below_zero(
    sent: list[UploadedRecord], own_cents: int, bonus_cents: int, cuts: list[int]
) -> None:
    shelf = Shelf(own_cents, bonus_cents)
    for some in cut(sent, cuts):
        decision = shelf.upload(some)
        for at, outcome in decision.outcomes.items():
            said = [one.cents for one in some[at].record.tenders]
            assert outcome.refused is None or not some[at].offline, "an offline sale is never refused"
            if outcome.refused is None:
                of_tenders = [sum(one.cents for one in outcome.parts if one.tender == n) for n in range(len(said))]
                assert of_tenders == said
                assert all(0 <= one.loss_cents <= max(0, one.cents) for one in outcome.parts)
        assert min(shelf.available.values()) >= 0
    for record in shelf.records:
        if record.kind not in REFUNDS:
            cards = {
                payer: cents
                for payer, cents in remaining_by_payer(key_of(record), shelf.booked).items()
                if payer.card_id
            }
            assert all(cents >= 0 for cents in cards.values()), "a card gets back at most what it paid"


@given(uploads(), CENTS, CENTS)
def test_deciding_a_batch_is_pure_and_repeatable(sent: list[UploadedRecord], own_cents: int, bonus_cents: int) -> None:
    shelf = Shelf(own_cents, bonus_cents)
    shelf.upload(sent[: len(sent) // 2])
    batch = shelf.load(sent[len(sent) // 2 :])
    before = {name: repr(value) for name, value in asdict(batch).items()}
    assert decide(batch) == decide(batch)
    assert {name: repr(value) for name, value in asdict(batch).items()} == before


@given(st.lists(st.tuples(st.integers(0, 1), LINES, CENTS), max_size=6), CENTS, CENTS, st.lists(st.integers(0, 6)))
def test_offline_sales_give_the_same_result_however_their_uploads_are_split(
    sold: list[tuple[int, list[Line], int]], own_cents: int, bonus_cents: int, cuts: list[int]
) -> None:
    tills = [Till(), Till()]
    sent = [uploaded(sale_at(tills[at], lines, by_hand=by_hand)) for at, lines, by_hand in sold]
    whole, parts = Shelf(own_cents, bonus_cents), Shelf(own_cents, bonus_cents)
    together = [outcome for _, outcome in booked(whole.upload(sent))]
    apart = [outcome for some in cut(sent, cuts) for _, outcome in booked(parts.upload(some))]
    assert [(one.parts, one.left_cents) for one in apart] == [(one.parts, one.left_cents) for one in together]
    assert (parts.available, parts.booked) == (whole.available, whole.booked)


@given(st.data(), LINES, st.lists(st.integers(0, 8)), st.booleans())
def test_a_sale_and_its_refunds_give_the_same_balance_in_any_order_and_split(
    data: st.DataObject, lines: list[Line], cuts: list[int], gift: bool
) -> None:
    till, desk = Till(), Till()
    sale = sale_at(till, lines)
    back = data.draw(st.lists(st.sampled_from(range(len(lines))), unique=True))
    refunds = [refund_at(desk, sale, [Line(**asdict(lines[n]) | {"quantity": -lines[n].quantity})]) for n in back]
    cups = sum(line.cents for line in lines if line.deposit)
    total = sum(line.cents for line in lines)
    shelf = Shelf(cups if gift else total, total - cups if gift else 0)
    order = data.draw(st.permutations([sale, *refunds]))
    for some in cut([uploaded(one) for one in order], cuts):
        shelf.upload(some)
    assert shelf.left == sum(lines[n].cents for n in back)
    assert not shelf.awaiting


def test_an_offline_sale_is_paid_before_an_earlier_online_sale_of_the_batch() -> None:
    """The online sale can be refused; the offline one would be a loss."""
    online, offline = (sale_at(Till(), [beer()]) for _ in range(2))
    decision = Shelf(700).upload([uploaded(online, offline=False), uploaded(offline)])
    assert decision.outcomes[0].refused == Refused("insufficient_funds", {"available_cents": 0})
    assert [part.loss_cents for part in decision.outcomes[1].parts] == [0]


def test_no_sale_is_paid_from_a_refund_of_the_same_batch() -> None:
    """The ledger posts both in the order of upload, where the refund may come second."""
    till, shelf = Till(), Shelf(700)
    sale = sale_at(till, [beer()])
    shelf.upload([uploaded(sale)])
    again = uploaded(sale_at(Till(), [beer()]), offline=False)
    batch = [uploaded(refund_at(till, sale, [beer(-1)])), again]
    assert shelf.upload(batch).outcomes[1].refused == Refused("insufficient_funds", {"available_cents": 0})
    assert shelf.upload([again]).outcomes[0].refused is None


def test_an_early_refund_is_settled_before_one_uploaded_with_the_sale() -> None:
    """It was uploaded first; the later one is a deviation."""
    till, shelf = Till(), Shelf(700)
    sale = sale_at(till, [beer()])
    first, second = (uploaded(refund_at(Till(), sale, [beer(-1)])) for _ in range(2))
    assert [one.reason for one in shelf.upload([first]).outcomes[0].deviations] == ["sale_unknown"]
    decision = shelf.upload([second, uploaded(sale)])
    assert [part.cents for one in decision.early.settled for part in one.parts] == [-700]
    assert [(part.cents, part.counts) for part in decision.outcomes[0].parts] == [(-700, False)]
    assert [one.reason for one in decision.outcomes[0].deviations] == ["refund_exceeds_sale", "not_in_sale"]
    assert shelf.left == 700


def test_a_later_cash_refund_reduces_an_early_refund_that_waits() -> None:
    """Cash that was paid out is not credited to the card as well."""
    till, desk, shelf = Till(), Till(), Shelf(700)
    sale = sale_at(till, [beer()])
    by_card, by_hand = refund_at(desk, sale, [beer(-1)]), refund_at(desk, sale, [beer(-1)], by_hand=700)
    shelf.upload([uploaded(by_card), uploaded(by_hand)])
    assert [one.parts for one in shelf.upload([uploaded(sale)]).early.settled] == [()]
    assert shelf.left == 0


def test_offline_limits_count_in_the_order_of_record_numbers() -> None:
    till = Till()
    sold = [uploaded(sale_at(till, [beer(4)])) for _ in range(2)]  # 28.00 each; a card pays 30.00 offline
    for sent, noted in ((sold, [[], ["offline_card_limit"]]), (sold[::-1], [["offline_card_limit"], []])):
        decision = Shelf(6_000).upload(sent)
        assert [[one.reason for one in outcome.deviations] for _, outcome in booked(decision)] == noted
