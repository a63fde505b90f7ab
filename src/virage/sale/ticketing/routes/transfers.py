"""Routes for transfers of tickets."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import granted
from virage.platform.web.routing import get, post
from virage.sale.ticketing.acts import transfers as acts
from virage.sale.ticketing.acts.transfers import Acceptance, Offer, TransferService
from virage.sale.ticketing.reads import transfers as reads
from virage.sale.ticketing.reads.transfers import TransferOffer, TransferView
from virage.sale.ticketing.routes.transfer_batches import TransferBatches
from virage.sale.ticketing.rules.transfers import AcceptanceRequest, ReturnRequest, Transfer, TransferRequest


class LinkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The key of a transfer's link; a person whose address it names needs none."""

    key: Annotated[str, Meta(max_length=64)] | None = None


@get("/", guards=[signed_in])
async def list_transfers(
    db: Database, clock: Clock, transfer_service: TransferService, principal: Principal
) -> list[TransferView]:
    """Return what the caller gave, received, or is offered by address, the latest first."""
    async with db.connection() as conn:
        return await reads.transfers_of(conn, transfer_service.secret, require_fan(principal), clock.now())


@post("/", status_code=201, guards=[signed_in])
async def offer_tickets(data: TransferRequest, transfer_batches: TransferBatches, principal: Principal) -> TransferView:
    """Offer tickets to an address, or by the link in the answer. A repeated id is one offer."""
    return granted(await transfer_batches.offers.submit(Offer(data, require_fan(principal))))


@post("/{transfer_id:uuid}/read", status_code=200, public=True)
async def read_transfer(
    transfer_id: UUID,
    data: LinkRequest,
    *,
    db: Database,
    clock: Clock,
    transfer_service: TransferService,
    principal: Principal,
) -> TransferOffer:
    """Return an offer to who has the key of its link, or whose address it names."""
    person_id = principal.id if principal.kind in ("fan", "staff") else None
    async with db.connection() as conn:
        found = await reads.offer_by_link(
            conn, transfer_service.secret, transfer_id, data.key, person_id=person_id, now=clock.now()
        )
    return granted(found)


@post("/{transfer_id:uuid}/accept", status_code=200, guards=[signed_in])
async def accept_transfer(
    transfer_id: UUID, data: AcceptanceRequest, transfer_batches: TransferBatches, principal: Principal
) -> TransferView:
    """Accept an offer: the tickets become the caller's, and the giver's passes become invalid."""
    acceptance = Acceptance(transfer_id, data, require_fan(principal))
    return granted(await transfer_batches.acceptances.submit(acceptance))


@post("/{transfer_id:uuid}/cancel", status_code=200, guards=[signed_in])
async def cancel_transfer(
    transfer_id: UUID, db: Database, clock: Clock, transfer_service: TransferService, principal: Principal
) -> TransferView:
    """Withdraw an offer until it is accepted."""
    fan_id, now = require_fan(principal), clock.now()

    async def cancel(conn: Connection) -> TransferView | Refused:
        done = await acts.cancel(conn, transfer_service, transfer_id, fan_id, now)
        return await _seen(conn, transfer_service, done, fan_id, now)

    return granted(await db.transact(cancel))


@post("/{transfer_id:uuid}/return", status_code=200, guards=[signed_in])
async def return_tickets(
    transfer_id: UUID,
    data: ReturnRequest,
    *,
    db: Database,
    clock: Clock,
    transfer_service: TransferService,
    principal: Principal,
) -> TransferView:
    """Give received tickets back to the person who gave them, until they were scanned."""
    fan_id, now = require_fan(principal), clock.now()

    async def give_back(conn: Connection) -> TransferView | Refused:
        done = await acts.give_back(conn, transfer_id, data.ticket_ids, receiver_id=fan_id, now=now)
        return await _seen(conn, transfer_service, done, fan_id, now)

    return granted(await db.transact(give_back))


async def _seen(
    conn: Connection, service: TransferService, done: Transfer | Refused, fan_id: UUID, now: datetime
) -> TransferView | Refused:
    return done if isinstance(done, Refused) else (await reads.views(conn, service.secret, [(done, fan_id)], now))[0]
