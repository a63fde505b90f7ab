"""Disputes as Stripe reports them: opened once, decided once, whatever the order of the events."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.money.payments.stripe_standin import StripeStandin
from tests.money.payments.test_conformance import inbox, standin
from tests.money.payments.test_stripe import Shop, bank, own_shop
from virage.money.payments import reads
from virage.money.payments.rules import (
    CLOSED,
    Dispute,
    DisputeNotice,
    DisputeState,
    PaymentIntent,
    PaymentState,
    has_opened,
    update_dispute,
)
from virage.platform.data import journal
from virage.platform.values.ids import new_id

__all__ = ["bank", "inbox", "own_shop", "standin"]  # fixtures of other files

Start = Callable[..., PaymentIntent]


class Disputed:
    """A payment whose buyer disputes it, at the application on Stripe."""

    def __init__(self, shop: Shop, standin: StripeStandin, asked: PaymentIntent) -> None:
        self.shop, self.standin, self.asked = shop, standin, asked

    async def told(self) -> None:
        """The next event about a dispute arrives."""
        body = b""
        while b'"charge.dispute.' not in body:
            headers, body = await self.shop.bank.inbox.next()
        kept = {name: headers[name] for name in ("stripe-signature", "content-type")}
        answer = await self.shop.client.post("/api/payments/webhooks/stripe", content=body, headers=kept)
        assert answer.status_code == 204

    async def stored(self) -> Dispute:
        async with self.shop.db.connection() as conn:
            (found,) = await reads.disputes_of(conn, [self.asked.payment_id])
        return found

    async def waiting(self) -> int:
        async with self.shop.db.connection() as conn:
            return (await reads.overdue(conn, self.shop.clock.now())).disputes

    async def facts(self) -> list[str]:
        async with self.shop.db.connection() as conn:
            entries = await journal.read_after(conn, "0-0")
        return [entry.what for entry in entries if entry.what.startswith("dispute_")]


@pytest.fixture
async def disputed(own_shop: Shop, standin: StripeStandin, start: Start) -> Disputed:
    asked = start()
    await own_shop.bank.pay(await own_shop.open(asked))
    await own_shop.settle_later()
    return Disputed(own_shop, standin, asked)


async def test_a_dispute_reaches_the_goods_once_and_its_end_too(disputed: Disputed, shop: Any) -> None:
    disputed.standin.events_sent = 2
    dispute = disputed.standin.dispute(str(disputed.asked.payment_id))
    for _ in range(2):
        await disputed.told()
    opened = await disputed.stored()
    assert (opened.state, opened.amount_cents, opened.reason, opened.is_inquiry) == (
        DisputeState.NEEDS_RESPONSE,
        5000,
        "fraudulent",
        False,
    )
    assert opened.due_at is not None
    assert [change.subject for change in shop.disputed_with] == [disputed.asked.subject]
    assert await disputed.waiting() == 1
    disputed.standin.move_dispute(dispute, "under_review")
    disputed.standin.move_dispute(dispute, "won")
    for _ in range(4):
        await disputed.told()
    assert (await disputed.stored()).state is DisputeState.WON
    assert [change.subject for change in shop.disputes_won] == [disputed.asked.subject]
    assert await disputed.waiting() == 0
    assert await disputed.facts() == ["dispute_needs_response", "dispute_won"]
    assert await disputed.shop.state(disputed.asked) is PaymentState.CAPTURED


async def test_an_inquiry_moves_nothing_until_it_becomes_a_dispute(disputed: Disputed, shop: Any) -> None:
    dispute = disputed.standin.dispute(str(disputed.asked.payment_id), "warning_needs_response")
    await disputed.told()
    assert (await disputed.stored()).is_inquiry
    assert shop.disputed_with == []
    disputed.standin.move_dispute(dispute, "needs_response")
    await disputed.told()
    assert [change.subject for change in shop.disputed_with] == [disputed.asked.subject]
    disputed.standin.move_dispute(dispute, "lost")
    await disputed.told()
    assert (await disputed.stored()).state is DisputeState.LOST
    assert shop.disputes_won == []


async def test_a_dispute_of_a_payment_that_is_not_ours_changes_nothing(disputed: Disputed, shop: Any) -> None:
    dispute = disputed.standin.dispute(str(disputed.asked.payment_id))
    disputed.standin.objects[dispute["payment_intent"]]["metadata"] = {}
    await disputed.told()
    async with disputed.shop.db.connection() as conn:
        assert await reads.disputes_of(conn, [disputed.asked.payment_id]) == []
    assert shop.disputed_with == []


NOTICES = st.builds(
    DisputeNotice,
    payment_id=st.just(new_id()),
    provider_ref=st.just("dp_1"),
    amount_cents=st.just(100),
    reason=st.just("general"),
    state=st.sampled_from(DisputeState),
    is_inquiry=st.booleans(),
    opened_at=st.just(datetime(2026, 5, 9, tzinfo=UTC)),
)


@given(st.lists(NOTICES, max_size=8))
def test_a_closed_dispute_stays_closed_and_opens_at_most_once(notices: list[DisputeNotice]) -> None:
    known: Dispute | None = None
    opened = 0
    for notice in notices:
        after = update_dispute(known, notice, new_id(), notice.opened_at + timedelta(days=1))
        if after is None:
            continue
        assert known is None or known.state not in CLOSED
        opened += has_opened(known, after)
        known = after
    assert opened <= 1
