"""Whether the books are right: what `virage wallet audit` prints."""

from msgspec import Struct

from virage.kernel.database import Connection
from virage.kernel.money import Cents
from virage.payments import reads as payments
from virage.wallet.rules.purses import CARD_MONEY, PURPOSE
from virage.wallet.store import ledger as store
from virage.wallet.store.gifts import gifts_told_and_booked
from virage.wallet.store.ledger import Astray


class Audit(Struct, frozen=True):
    """What was found. `sum_cents` is zero, nothing is astray; what the provider holds and what was given is booked."""

    sum_cents: Cents
    astray: list[Astray]
    captured_cents: Cents
    refund_cents: Cents
    booked_cents: Cents
    kinds: dict[str, Cents]
    gifts_cents: Cents
    gifts_booked_cents: Cents

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        at_provider = self.booked_cents == self.captured_cents - self.refund_cents
        given = self.gifts_booked_cents == self.gifts_cents
        return self.sum_cents == 0 and not self.astray and at_provider and given


async def audit(conn: Connection) -> Audit:
    """Audit the ledger in one snapshot: the caller's transaction is `repeatable read`.

    Money captured at the provider for purses, less what was asked back, is what was credited to them, less what was
    paid out: the balance of the provider's account in the books.
    """
    turnover = await payments.of_purpose(conn, PURPOSE)
    at_provider = (await store.balances(conn, [CARD_MONEY.id])).get(CARD_MONEY.id)
    gifts = await gifts_told_and_booked(conn)
    return Audit(
        await store.sum_of_balances(conn),
        await store.astray(conn),
        turnover.captured_cents,
        turnover.refund_cents,
        -at_provider.balance_cents if at_provider else 0,
        {kind: balance.balance_cents for kind, balance in (await store.balance_of_kinds(conn)).items()},
        *gifts,
    )
