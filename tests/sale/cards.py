"""A provider in memory that also saves cards, for draws and instalments."""

from collections.abc import Sequence
from uuid import UUID

from tests.sale.ticketing.conftest import MemoryProvider
from virage.money.payments.api import Unreachable
from virage.money.payments.rules import Charge, HostedPage, NewSavedCard, Outcome, PaymentState, Reference


class CardProvider(MemoryProvider):
    """A provider that also saves cards; a card can be declined for a reason when it is charged.

    With `loses_answers`, it charges and its answer is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.declines: dict[UUID, str] = {}
        self.charged: dict[UUID, int] = {}
        self.forgotten: list[UUID] = []
        self.loses_answers = False

    async def keep(self, cards: Sequence[NewSavedCard]) -> Sequence[HostedPage]:
        return [HostedPage(card.method_id, f"https://card.example/{card.method_id}") for card in cards]

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        outcomes = [self._charged(charge) for charge in charges]
        if self.loses_answers:
            raise Unreachable("charge")
        return outcomes

    def _charged(self, charge: Charge) -> Outcome:
        reason = self.declines.get(charge.method_id)
        if reason is not None:
            return Outcome(charge.payment_id, PaymentState.DECLINED, charge.amount_cents, reason)
        self.charged[charge.payment_id] = charge.amount_cents
        return Outcome(charge.payment_id, PaymentState.CAPTURED, charge.amount_cents)

    async def forget(self, cards: Sequence[Reference]) -> None:
        self.forgotten += [card.payment_id for card in cards]
