from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.money.fiscal.till import Till
from virage.money.fiscal.rules.chain import Anchor, Appended, Head, Known, Link, anchor, extend, link_of
from virage.money.fiscal.rules.record import GENESIS, FiscalRefusal, Kind
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

TILL = Till()
LINKS = [link_of(written) for written in TILL.sells(8)]
LAST = Head(LINKS[-1].number, LINKS[-1].hash)


def head_at(number: int) -> Head:
    return Head(number, LINKS[number - 1].hash) if number else Head()


def known_to(number: int) -> dict[int, str]:
    return {link.number: link.hash for link in LINKS[:number]}


def test_the_first_record_follows_nothing() -> None:
    assert LINKS[0].previous == GENESIS == Head().hash
    assert extend(Head(), {}, LINKS[:1]) == (head_at(1), [Appended(1, LINKS[0].hash)])


def test_records_extend_the_chain_in_any_order_of_an_upload() -> None:
    head, outcomes = extend(head_at(2), known_to(2), [LINKS[4], LINKS[2], LINKS[3]])
    assert head == head_at(5)
    assert outcomes == [Appended(link.number, link.hash) for link in (LINKS[4], LINKS[2], LINKS[3])]


def test_a_repeated_record_is_known() -> None:
    assert extend(LAST, known_to(8), [LINKS[2], LINKS[2]]) == (LAST, [Known(3, LINKS[2].hash)] * 2)
    assert extend(head_at(2), known_to(2), [LINKS[2], LINKS[2]])[1] == [
        Appended(3, LINKS[2].hash),
        Known(3, LINKS[2].hash),
    ]


def refused(reason: FiscalRefusal, number: int, **more: Any) -> Refused:
    return Refused(reason, {"expected": number + 1, "previous": head_at(number).hash} | more)


def test_the_same_number_with_other_bytes_forks_the_chain() -> None:
    other = LINKS[2]._replace(hash="f" * 64, id=new_id())
    forked = refused(FiscalRefusal.CHAIN_FORKED, 8, hash=LINKS[2].hash)
    assert extend(LAST, known_to(8), [other]) == (LAST, [forked])
    assert extend(head_at(2), known_to(2), [LINKS[2], other])[1][1].__class__ is Refused


def test_a_gap_returns_the_expected_number_and_changes_nothing() -> None:
    assert extend(head_at(2), {}, [LINKS[4], LINKS[5]]) == (head_at(2), [refused(FiscalRefusal.CHAIN_GAP, 2)] * 2)


def test_a_record_that_follows_another_breaks_the_chain() -> None:
    other = LINKS[2]._replace(previous="f" * 64)
    head, outcomes = extend(head_at(2), {}, [other, LINKS[3]])
    assert (head, outcomes) == (
        head_at(2),
        [refused(FiscalRefusal.CHAIN_BROKEN, 2), refused(FiscalRefusal.CHAIN_GAP, 2)],
    )


def test_an_id_is_used_once() -> None:
    taken = LINKS[2]._replace(id=LINKS[1].id)
    assert extend(head_at(2), {}, [taken], {LINKS[1].id})[1] == [refused(FiscalRefusal.ID_TAKEN, 2)]
    assert extend(head_at(1), {}, [LINKS[1], taken])[1][1] == refused(FiscalRefusal.ID_TAKEN, 2)


def test_training_has_a_chain_of_its_own() -> None:
    till = Till()
    rehearsed, sold, again = till.write(Kind.TRAINING_SALE), till.write(), till.write(Kind.TRAINING_REFUND)
    assert [one.record.number for one in (rehearsed, sold, again)] == [1, 1, 2]
    assert (sold.record.previous, again.record.previous) == (GENESIS, rehearsed.hash)


@given(st.lists(st.lists(st.sampled_from(LINKS), min_size=1, max_size=6), max_size=12))
def test_any_order_repetition_and_splitting_of_uploads_gives_the_same_chain(uploads: list[list[Link]]) -> None:
    head, known = Head(), dict[int, str]()
    for upload in uploads:
        before = head
        head, outcomes = extend(head, known, upload)
        known |= {link.number: link.hash for link in LINKS if before.number < link.number <= head.number}
        for link, outcome in zip(upload, outcomes, strict=True):
            taken = link.number <= head.number
            assert isinstance(outcome, Appended | Known) == taken
            assert taken or (isinstance(outcome, Refused) and outcome.reason == FiscalRefusal.CHAIN_GAP)
        assert head == head_at(head.number)
    while head != LAST:  # the till resends from the expected record
        assert extend(head, known, [LINKS[-1]])[1][0] == (
            refused(FiscalRefusal.CHAIN_GAP, head.number) if head.number < 7 else Appended(8, LINKS[7].hash)
        )
        head, _ = extend(head, known, LINKS[head.number : head.number + 3])


def test_anchors_are_chained_by_hash() -> None:
    at = "2026-05-09T18:00:00.000Z"
    first = anchor(TILL.id, head_at(3), at, None)
    second = anchor(TILL.id, LAST, at, first)
    assert first == Anchor(till=TILL.id, sequence=1, number=3, hash=LINKS[2].hash, at=at, previous=GENESIS)
    assert (second.sequence, second.previous) == (2, first.own_hash)
    assert replace(first, at="2026-05-09T18:00:00.001Z").own_hash != first.own_hash
