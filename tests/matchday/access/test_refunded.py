"""A refund and a gate that use the same pass at once: the second one sees the result of the first."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.access.test_revoking import until_one_waits
from virage.identity.passes import acts as passes
from virage.identity.passes.rules.verification import verify
from virage.matchday.access.acts.scans import process_scans
from virage.matchday.access.reads.inside import lock_inside
from virage.matchday.access.rules.scans import Scan, VerifiedScan
from virage.platform.data.database import Connection

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening


@pytest.mark.parametrize("first", ["gate", "refund"])
async def test_no_ticket_is_used_to_enter_while_it_is_refunded(night: "Evening", first: str) -> None:
    device, (other, ticket), now = night.device(), await night.tickets(2), night.clock.now()
    await night.paired()
    keys = await night.desk._keyring.issuers(night.event_id)  # noqa: SLF001 - the desk verifies codes with it
    scan = Scan(number=1, event_id=night.event_id, gate="A1", at=now, kind="ask", code=ticket.code())
    read = VerifiedScan(device.id, scan, verify(ticket.code(), keys, now, night.event_id))

    async def gate(conn: Connection) -> Any:
        (answer,) = await process_scans(conn, [read], now)
        return answer.outcome, answer.reason

    async def refund(conn: Connection) -> Any:
        """The gate part of a refund: read the presence, and revoke the passes of people outside."""
        inside = await lock_inside(conn, night.event_id, [ticket.subject, other.subject])
        if not inside:
            await passes.revoke(conn, [ticket.subject, other.subject], now)
        return inside

    async def in_transaction(act: Any) -> Any:
        async with night.db.transaction() as conn:
            return await act(conn)

    mine, others = (gate, refund) if first == "gate" else (refund, gate)
    async with night.db.transaction() as conn:
        done = await mine(conn)
        waits = asyncio.create_task(in_transaction(others))
        await until_one_waits(night, waits)
        assert not waits.done()
    then = await waits
    if first == "gate":
        assert (done, then) == (("admitted", None), {ticket.subject: now})
    else:
        assert (done, then) == ({}, ("refused", "revoked"))
