"""Registration and removal of readers at the provider, for the office and for the job that repeats them."""

from collections.abc import Sequence

from virage.money.card_readers import acts, store
from virage.money.card_readers.rules import Reader, Registration
from virage.money.payments.api import PaymentProvider, Unreachable
from virage.money.payments.types import NewReader
from virage.platform.data.database import Database
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused


async def register_at_provider(
    db: Database, clock: Clock, provider: PaymentProvider, begun: Registration
) -> Reader | Refused:
    """Register a reader whose registration is stored, and store the answer. Idempotent. Raises `Unreachable`."""
    status = await provider.readers.register(NewReader(begun.id, begun.code, begun.label, begun.location_id))
    if not isinstance(status, Refused):
        reader = Reader(begun.id, status.ref, begun.label, begun.outlet, None, clock.now())
        registered = await db.transact(acts.register, reader, begun.begun_by)
        if not isinstance(registered, Refused):
            return registered
        status = registered
    async with db.transaction() as conn:
        await store.end_registration(conn, begun.id)
    return status


async def remove_at_provider(db: Database, clock: Clock, provider: PaymentProvider, removed: Sequence[Reader]) -> None:
    """Remove readers at the provider that are removed here. Those without an answer are removed later."""
    for reader in removed:
        try:
            await provider.readers.remove(reader.provider_ref)
        except Unreachable as failure:
            log.warning("card_reader_not_removed", reader=reader.provider_ref, asked=str(failure))
            continue
        async with db.transaction() as conn:
            await store.mark_deregistered(conn, reader.id, clock.now())
