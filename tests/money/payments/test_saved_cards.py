"""Saved cards: hosted page, off-session charges, removal."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from msgspec.structs import replace

from tests.money.payments.conftest import NOW
from virage.money.payments import methods
from virage.money.payments.methods import SavedCardJobs
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    Charge,
    NewSavedCard,
    Outcome,
    PaymentState,
    Reference,
    SavedCard,
    SavedCardState,
    settle_method,
)
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage_sandbox.cards import Card

WHOSE = new_id()
BACK = "https://club.example/wallet"
A_METHOD = SavedCard(new_id(), WHOSE, SavedCardState.OPEN, None, None, BACK, "https://pay.example/1", NOW)


def test_an_outcome_saves_a_card_once_and_final_states_stay() -> None:
    said = Outcome(A_METHOD.id, PaymentState.CAPTURED, 0, label="…4242")
    saved = settle_method(A_METHOD, said)
    assert saved == replace(A_METHOD, state=SavedCardState.SAVED, label="…4242", page_url=None)
    assert settle_method(saved, said) is None
    failed = settle_method(A_METHOD, Outcome(A_METHOD.id, PaymentState.EXPIRED, 0))
    assert failed is not None
    assert (failed.state, failed.reason) == (SavedCardState.FAILED, "expired")
    assert settle_method(A_METHOD, Outcome(A_METHOD.id, PaymentState.PENDING, 0)) is None
    assert settle_method(replace(A_METHOD, state=SavedCardState.FORGETTING), said) is None


class Keeper:
    """Owner of a card saved at the sandbox."""

    def __init__(self, db: Database, clock: Any, provider: SandboxProvider, buyer: aiohttp.ClientSession) -> None:
        self.db = db
        self.clock = clock
        self.provider = provider
        self.buyer = buyer
        self.jobs = SavedCardJobs(clock, provider)

    async def begun(self, method_id: UUID | None = None, subject: UUID = WHOSE) -> SavedCard | Refused:
        async with self.db.transaction() as conn:
            return await methods.keep(conn, NewSavedCard(method_id or new_id(), subject, BACK), self.clock.now())

    async def saved(self, card: Card, code: str | None = None) -> UUID:
        """A card entered at the provider's page and seen by reconciliation."""
        method = await self.begun()
        assert isinstance(method, SavedCard)
        url = await methods.open_page(self.db, self.clock, self.provider, method)
        assert isinstance(url, str)
        async with self.buyer.post(url, json={"card": card} | ({"code": code} if code else {})) as answer:
            assert answer.status == 200
        self.clock.advance(timedelta(seconds=5))
        await self.jobs.reconcile(self.db)
        return method.id

    async def method(self, method_id: UUID) -> SavedCard:
        async with self.db.connection() as conn:
            return (await methods.methods(conn, [method_id]))[method_id]

    async def charged(self, method_id: UUID, payment_id: UUID | None = None) -> Outcome:
        (outcome,) = await self.provider.charge([Charge(payment_id or new_id(), method_id, 2_000)])
        return outcome


@pytest.fixture
def keeper(db: Database, clock: Any, sandbox_provider: SandboxProvider, buyer: aiohttp.ClientSession) -> Keeper:
    return Keeper(db, clock, sandbox_provider, buyer)


async def test_a_saved_card_is_charged_once_per_payment_and_not_after_removal(
    keeper: Keeper, listening_shop: Any
) -> None:
    method_id, payment_id = await keeper.saved(Card.ACCEPTED), new_id()
    method = await keeper.method(method_id)
    assert (method.state, method.label) == (SavedCardState.SAVED, "…4242")
    first = await keeper.charged(method_id, payment_id)
    assert (first.state, first.amount_cents) == (PaymentState.CAPTURED, 2_000)
    assert await keeper.charged(method_id, payment_id) == first
    events = [event for _ in range(2) for event in await listening_shop.next_events()]
    assert [(event.payment_id, event.amount_cents) for event in events] == [(method_id, 0), (payment_id, 2_000)]
    async with keeper.db.transaction() as conn:
        await methods.forget(conn, [method_id], NOW)
    await keeper.jobs.reconcile(keeper.db)
    method = await keeper.method(method_id)
    assert (method.state, method.label) == (SavedCardState.FORGOTTEN, None)
    refused = await keeper.charged(method_id)
    assert (refused.state, refused.reason) == (PaymentState.DECLINED, "method_unknown")


@pytest.mark.parametrize(
    ("card", "code", "reason"),
    [(Card.CHARGE_DECLINED, None, "card_declined"), (Card.CHALLENGE, "1234", "authentication_required")],
)
async def test_a_saved_card_may_be_declined_or_need_authentication(
    keeper: Keeper, card: Card, code: str | None, reason: str
) -> None:
    method_id = await keeper.saved(card, code)
    assert (await keeper.method(method_id)).state is SavedCardState.SAVED
    outcome = await keeper.charged(method_id)
    assert (outcome.state, outcome.reason) == (PaymentState.DECLINED, reason)


async def test_a_repeated_charge_after_a_lost_answer_charges_nothing_more(keeper: Keeper) -> None:
    method = await keeper.begun()
    assert isinstance(method, SavedCard)
    url = await methods.open_page(keeper.db, keeper.clock, keeper.provider, method)
    with pytest.raises(aiohttp.ClientError):
        await keeper.buyer.post(str(url), json={"card": Card.ANSWER_LOST})
    await keeper.jobs.reconcile(keeper.db)
    payment_id = new_id()
    with pytest.raises(Unreachable):
        await keeper.charged(method.id, payment_id)
    assert (await keeper.charged(method.id, payment_id)).state is PaymentState.CAPTURED
    (outcome,) = await keeper.provider.fetch([Reference(payment_id)])
    assert (outcome.state, outcome.amount_cents) == (PaymentState.CAPTURED, 2_000)


async def test_an_unused_page_expires_and_a_declined_card_is_not_saved(keeper: Keeper, clock: Any) -> None:
    declined = await keeper.saved(Card.DECLINED)
    assert (await keeper.method(declined)).reason == "card_declined"
    method = await keeper.begun()
    assert isinstance(method, SavedCard)
    url = await methods.open_page(keeper.db, keeper.clock, keeper.provider, method)
    async with keeper.buyer.get(f"{url}?lang=en") as answer:
        page = await answer.text()
    assert "Save card" in page
    assert "may charge this card automatically" in page
    assert "€" not in page, "the page takes no payment"
    clock.advance(timedelta(minutes=61))
    await keeper.jobs.reconcile(keeper.db)
    assert (await keeper.method(method.id)).reason == "expired"


async def test_a_method_id_belongs_to_one_card_and_owner(keeper: Keeper, provider: Any) -> None:
    method = await keeper.begun()
    assert isinstance(method, SavedCard)
    assert await keeper.begun(method.id) == method
    assert await keeper.begun(method.id, new_id()) == Refused("method_id_taken")
    provider.away = True
    assert await methods.open_page(keeper.db, keeper.clock, provider, method) == Refused("provider_unavailable")
    async with keeper.db.connection() as conn:
        assert await conn.fetchval("select count(*) from kernel.journal where what = 'method_begun'") == 1
