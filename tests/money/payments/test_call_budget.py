"""The account's rate of calls, shared by all processes: Stripe refuses no call for it, and waiting calls are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FakeClock
from tests.money.payments.stripe_standin import StripeStandin
from tests.money.payments.test_conformance import Inbox, inbox, of_stripe, standin
from virage.money.payments import store
from virage.money.payments.accounts.rules import AccountReport
from virage.money.payments.call_budget import Busy, CallBudget
from virage.money.payments.rules import (
    CALL_SHARES,
    CallLane,
    CallRequest,
    HostedPage,
    PaymentIntent,
    PaymentRefusal,
    Reference,
    RefundAnswer,
    book_calls,
)
from virage.money.payments.stripe_provider import StripeProvider
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

__all__ = ["inbox", "standin"]  # fixtures of the conformance suite

Start = Callable[..., PaymentIntent]
NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
FREE = dict.fromkeys(CallLane, datetime(1970, 1, 1, tzinfo=UTC))


def of(lane: CallLane, patience_s: float = 60) -> CallRequest:
    return CallRequest(lane, timedelta(seconds=patience_s))


@given(
    st.lists(
        st.tuples(st.sampled_from(CallLane), st.floats(0, 3), st.floats(0, 2)).map(lambda one: (of(*one[:2]), one[2])),
        max_size=200,
    ),
    st.integers(1, 200),
)
def test_no_stretch_of_time_has_more_calls_than_the_rate_and_nobody_waits_longer_than_they_want(
    arrivals: list[tuple[CallRequest, float]], rate: int
) -> None:
    free_at, now, moments = FREE, NOW, []
    for call, later_s in arrivals:
        now += timedelta(seconds=later_s / rate)
        free_at, (wait,) = book_calls(free_at, [call], now, rate)
        if wait <= call.patience:
            moments.append(now + wait)
    for first in moments:
        within = sum(1 for moment in moments if timedelta(0) <= moment - first < timedelta(seconds=1))
        assert within <= rate + len(CallLane)


def test_each_lane_has_its_share_while_both_are_asked_and_all_of_it_alone() -> None:
    rate = 100
    both = [of(lane, 1) for _ in range(500) for lane in CallLane]
    _, waits = book_calls(FREE, both, NOW, rate)
    made = [call.lane for call, wait in zip(both, waits, strict=True) if wait <= call.patience]
    for lane, share in CALL_SHARES.items():
        assert abs(made.count(lane) - rate * share) <= len(CallLane)


def test_an_idle_lane_serves_the_other_one() -> None:
    free_at, waits = book_calls(FREE, [of(CallLane.FAN), of(CallLane.FAN), of(CallLane.FAN)], NOW, 10)
    assert waits[:2] == [timedelta(0), timedelta(0)]
    assert waits[2] > timedelta(0)
    assert free_at[CallLane.JOB] > NOW


def test_an_impatient_call_is_not_booked() -> None:
    free_at, waits = book_calls(FREE, [of(CallLane.FAN)] * 3 + [of(CallLane.FAN, 0)], NOW, 1)
    assert waits[3] > timedelta(0)
    assert book_calls(FREE, [of(CallLane.FAN)] * 3, NOW, 1)[0] == free_at


def test_a_lane_that_a_fast_clock_booked_far_ahead_is_free() -> None:
    _, (wait,) = book_calls(dict.fromkeys(CallLane, NOW + timedelta(hours=1)), [of(CallLane.FAN)], NOW, 10)
    assert wait == timedelta(0)


async def test_processes_share_one_rate(db: Database) -> None:
    standing = FakeClock()
    processes = [CallBudget(db, standing, 40) for _ in range(3)]
    answers = await asyncio.gather(
        *(processes[number % 3].take(of(CallLane.FAN, 0.5)) for number in range(60)), return_exceptions=True
    )
    made = sum(1 for answer in answers if answer is None)
    assert abs(made - 0.5 * 40) <= len(CallLane)
    assert all(isinstance(answer, Busy) for answer in answers if answer is not None)


async def test_who_would_wait_too_long_is_told_at_once_for_how_long(db: Database) -> None:
    budget = CallBudget(db, Clock(), 1)
    await asyncio.gather(*(budget.take(of(CallLane.FAN, 0)) for _ in CallLane))
    with pytest.raises(Busy) as refused:
        await budget.take(of(CallLane.FAN, 0.5))
    assert timedelta(seconds=0.5) < refused.value.wait < timedelta(seconds=2)


@pytest.fixture
async def processes(standin: StripeStandin, db: Database) -> AsyncIterator[list[StripeProvider]]:
    """Two processes that together make forty calls a second."""
    made = [of_stripe(standin, budget=CallBudget(db, Clock(), 40)) for _ in range(2)]
    yield made
    for provider in made:
        await provider.close()


async def opened(provider: StripeProvider, asked: list[PaymentIntent]) -> tuple[list[Any], int]:
    """The pages of these payments, asked again while the provider is busy, and how often it was."""
    pages: list[Any] = []
    refused = 0
    while asked:
        answers = await provider.create(asked)
        pages += [answer for answer in answers if isinstance(answer, HostedPage)]
        busy = [one for one, answer in zip(asked, answers, strict=True) if isinstance(answer, Refused)]
        for answer in answers:
            if isinstance(answer, Refused):
                assert answer.reason is PaymentRefusal.PROVIDER_BUSY
                assert 1 <= answer.data["retry_after_s"] <= 3
        refused += len(busy)
        asked = busy
    return pages, refused


async def test_more_pages_than_the_rate_all_open_and_stripe_refuses_none(
    processes: list[StripeProvider], standin: StripeStandin, start: Start
) -> None:
    standin.calls_per_s = 44  # a second that begins in the middle of a call sees one or two more
    results = await asyncio.gather(*(opened(one, [start() for _ in range(50)]) for one in processes))
    assert [len(pages) for pages, _ in results] == [50, 50]
    assert sum(refused for _, refused in results) > 0
    assert standin.limited == 0


async def test_a_refusal_for_the_rate_is_waited_for_and_never_seen(
    standin: StripeStandin, db: Database, start: Start
) -> None:
    provider = of_stripe(standin, budget=CallBudget(db, Clock(), 1000))
    standin.calls_per_s = 20
    pages, _ = await opened(provider, [start() for _ in range(30)])
    await provider.close()
    assert len({page.payment_url for page in pages}) == 30
    assert standin.limited > 0


async def test_a_job_that_asks_for_much_leaves_fans_their_share(processes: list[StripeProvider], start: Start) -> None:
    page = (await opened(processes[0], [start()]))[0][0]
    async with asyncio.TaskGroup() as group:
        job = group.create_task(processes[0].fetch([Reference(new_id(), page.provider_ref) for _ in range(60)]))
        answers = await processes[1].create([start() for _ in range(10)])
        assert all(isinstance(answer, HostedPage) for answer in answers)
        assert not job.done()
    assert len(job.result()) == 60


@pytest.mark.parametrize("kind", ["account", "refund"])
async def test_an_event_that_no_person_waits_for_takes_no_call_from_fans(
    standin: StripeStandin, inbox: Inbox, db: Database, kind: str
) -> None:
    clock = Clock()
    provider = of_stripe(standin, budget=CallBudget(db, clock, 100))
    if kind == "account":
        standin.complete_account(standin.connect.connect())
    else:
        refund = standin._made("re", "refund", status="succeeded", metadata={"refund_id": str(new_id())})  # noqa: SLF001 - as if it was made
        standin._send("refund.updated", refund)  # noqa: SLF001 - as above
    headers, body = await inbox.next()
    now = clock.now()
    busy_until = {CallLane.FAN: now + timedelta(seconds=2), CallLane.JOB: now + timedelta(seconds=0.5)}  # none is idle
    async with db.transaction() as conn:
        await store.lock_call_lanes(conn)
        await store.put_call_lanes(conn, busy_until)
    (news,) = await provider.read_webhook(headers, body)  # type: ignore[misc]  # it is no refusal
    await provider.close()
    assert isinstance(news, AccountReport | RefundAnswer)
    async with db.transaction() as conn:
        lanes = await store.lock_call_lanes(conn)
    assert lanes[CallLane.FAN] == busy_until[CallLane.FAN]
    assert lanes[CallLane.JOB] > busy_until[CallLane.JOB]
