"""The sandbox's book without its process."""

import asyncio
import errno
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.platform.values.ids import new_id
from virage_sandbox.appendfile import AppendFile
from virage_sandbox.bank import Bank, Entry
from virage_sandbox.cards import Card, Iban, find
from virage_sandbox.outbox import Outbox
from virage_sandbox.wire import Event, NewPayment, NewRefund, Stage

DECODER = msgspec.json.Decoder(Entry)
IDS = [new_id() for _ in range(3)]
REFUND_IDS = [new_id() for _ in range(4)]

VERBS = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(IDS)),
    st.tuples(st.just("pay"), st.sampled_from(IDS), st.sampled_from(list(Card))),
    st.tuples(st.just("debit"), st.sampled_from(IDS), st.sampled_from(list(Iban)), st.integers(0, 60)),
    st.tuples(st.just("pass"), st.sampled_from(IDS), st.integers(0, 90)),
    st.tuples(st.just("code"), st.sampled_from(IDS), st.sampled_from(["1234", "0000"])),
    st.tuples(st.just("end"), st.sampled_from(IDS), st.sampled_from([Stage.CANCELLED, Stage.EXPIRED])),
    st.tuples(st.just("refund"), st.sampled_from(IDS), st.sampled_from(REFUND_IDS), st.integers(-1, 150)),
)


def do_all(bank: Bank, verbs: list[tuple[Any, ...]]) -> list[Entry]:
    entries: list[Entry] = []
    for verb in verbs:
        if verb[0] == "pass":
            entries += bank.end_debits(float(verb[2]))
        elif (entry := do(bank, verb)) is not None:
            entries.append(entry)
    return entries


def do(bank: Bank, verb: tuple[Any, ...]) -> Entry | None:  # noqa: PLR0911 - one for each verb
    match verb:
        case ("open", id_):
            return bank.open(NewPayment(id_, 100, "https://club.example/", debit=True))
        case ("debit", id_, Iban() as iban, int(now_s)) if id_ in bank.accounts:
            return bank.start_debit(bank.accounts[id_], iban, float(now_s))
        case ("refund", id_, refund_id, int(cents)):
            return bank.refund(NewRefund(refund_id, id_, cents), 0.0)[1]
        case (_, id_, *_) if id_ not in bank.accounts:
            return None
        case ("pay", id_, Card() as card):
            return bank.pay(bank.accounts[id_], card, 0.0)
        case ("code", id_, str(code)):
            return bank.answer_challenge(bank.accounts[id_], code, 0.0)
        case ("end", id_, Stage() as stage):
            return bank.end(bank.accounts[id_], stage, 0.0)
    raise AssertionError(verb)


@given(st.lists(VERBS, max_size=40))
def test_the_whole_state_is_restored_from_the_file(verbs: list[tuple[Any, ...]]) -> None:
    bank, again = Bank(), Bank()
    entries = do_all(bank, verbs)
    for entry in DECODER.decode_lines(msgspec.json.Encoder().encode_lines(entries)):
        again.apply(entry)
    assert again.debits == bank.debits == {id_ for id_, one in bank.accounts.items() if one.state is Stage.PROCESSING}
    assert again.accounts == bank.accounts
    assert again.owed == bank.owed
    assert again.refunds == bank.refunds


@given(st.lists(VERBS, max_size=40))
def test_refunds_never_exceed_captures_and_no_capture_is_lost(verbs: list[tuple[Any, ...]]) -> None:
    bank = Bank()
    captured: set[UUID] = set()
    for verb in verbs:
        do_all(bank, [verb])
        for account in bank.accounts.values():
            assert 0 <= account.refunded_cents <= account.captured_cents <= account.amount_cents
            assert (account.captured_cents > 0) == (account.state is Stage.CAPTURED)
        now = {account.id for account in bank.accounts.values() if account.captured_cents}
        assert captured <= now
        captured = now


def test_event_ids_are_never_used_twice_not_even_after_a_restart() -> None:
    bank, again = Bank(), Bank()
    for entry in [do(bank, ("open", IDS[0])), do(bank, ("open", IDS[1])), do(bank, ("pay", IDS[0], Card.ACCEPTED))]:
        assert entry is not None
        again.apply(entry)
    do(again, ("pay", IDS[1], Card.ACCEPTED))
    assert len(again.owed) == 2


def test_a_card_is_found_however_it_is_typed() -> None:
    assert find("4242-4242 42424242") is Card.ACCEPTED
    assert find("4242") is None
    assert find("") is None


async def test_a_line_cut_short_by_a_crash_is_dropped_and_the_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    bank = Bank()
    first, second = do(bank, ("open", IDS[0])), do(bank, ("open", IDS[1]))
    assert first is not None
    assert second is not None
    file: AppendFile[Entry] = AppendFile(path, DECODER)
    await file.append([first])
    file.close()
    with path.open("ab") as raw:
        raw.write(b'{"type":"opened","paym')
    again: AppendFile[Entry] = AppendFile(path, DECODER)
    assert again.read() == [first]
    await again.append([second])
    assert again.read() == [first, second]
    again.close()


async def test_a_failed_write_is_reported_and_repeated_with_the_next_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = Bank()
    entries = [entry for id_ in IDS[:2] if (entry := do(bank, ("open", id_))) is not None]
    file: AppendFile[Entry] = AppendFile(tmp_path / "book.jsonl", DECODER)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_space_left)
        with pytest.raises(OSError, match="No space left"):
            await file.append(entries[:1])
        assert file.read() == []
    await file.append(entries[1:])
    assert file.read() == entries
    file.close()


def no_space_left(_file: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_lines_of_concurrent_callers_are_all_on_disk_in_order(tmp_path: Path) -> None:
    bank = Bank()
    entries = [entry for id_ in IDS if (entry := do(bank, ("open", id_))) is not None]
    file: AppendFile[Entry] = AppendFile(tmp_path / "book.jsonl", DECODER)
    await asyncio.gather(*(file.append([entry]) for entry in entries), file.append(()))
    assert file.read() == entries
    file.close()


async def test_events_during_a_delivery_are_sent_with_the_next_one() -> None:
    deliveries: list[list[str]] = []

    async def deliver(events: list[Event]) -> bool:
        deliveries.append([event.id for event in events])
        if len(deliveries) == 1:
            for name in "bcd":
                outbox.add(Event(name, IDS[0], Stage.CAPTURED, 1), 0)
            return True
        raise StopDeliveringError

    outbox = Outbox(deliver)  # type: ignore[arg-type] # a list is a sequence
    outbox.add(Event("a", IDS[0], Stage.CAPTURED, 1), 0)
    with pytest.raises(StopDeliveringError):
        await outbox.run()
    assert deliveries == [["a"], ["b", "c", "d"]]


class StopDeliveringError(Exception):
    pass
