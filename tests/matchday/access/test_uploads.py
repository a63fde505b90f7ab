"""Uploads in any order, split and repeated as by a bad network, through two processes: always the
same tables.
"""

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import FakeClock
from tests.matchday.access.conftest import MINUTE, NOW, Device, Evening
from virage.matchday.access.reads.keyring import Keyring
from virage.matchday.access.routes.scan_service import ScanService
from virage.matchday.access.rules.scans import SignedScan
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.web.guard import Grant, Principal

TICKETS, GATES = 3, ("A1", "A2", "B1")
TABLES = {
    "presence": "select pass_number, state, since, gate, pending_until, generation, entries, steps, zone, people "
    "from access.presence order by 1",
    "duplicates": "select pass_number, first_device_id, first_number, second_device_id, second_number "
    "from access.duplicate where gone_at is null order by 1, 4, 5",
    "crossings": "select pass_number, at, device_id, number, step, gate, proved "
    "from access.crossing order by 1, 2, 3, 4",
    "scans": "select device_id, number, kind, pass_number from access.scan order by 1, 2",
}
SEEN = st.tuples(
    st.sampled_from(range(len(GATES))),
    st.sampled_from(["passed", "passed", "admitted", "withdrawn", "left", "refused", "pulse"]),
    st.integers(0, TICKETS - 1),
    st.integers(-30, -5),
    st.booleans(),
)


@pytest.fixture
def ground(database_url: str, config: Config) -> Iterator[SimpleNamespace]:
    """An event, its passes and two processes' desks, in an event loop that lives as long as the
    test.
    """
    with asyncio.Runner() as runner:
        clock = FakeClock()
        db = runner.run(Database.open(database_url))
        evening = Evening(db, clock, config)
        runner.run(evening.open())
        tickets = runner.run(evening.tickets(TICKETS))

        async def keys(_conn: Any, ids: Any) -> Any:
            return {device_id: evening.keys[device_id] for device_id in ids}

        desks = [ScanService(db, clock, Keyring(db, clock, keys)) for _ in range(2)]
        yield SimpleNamespace(runner=runner, db=db, evening=evening, tickets=tickets, desks=desks)
        runner.run(db.close())


async def tables(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    async with db.connection() as conn:
        return {name: [tuple(row) for row in await conn.fetch(query)] for name, query in TABLES.items()}


async def cleared(db: Database) -> None:
    async with db.connection() as conn:
        await conn.execute("truncate access.scan, access.crossing, access.presence, access.duplicate")


def signed(ground: SimpleNamespace, devices: list[Device], seen: Any) -> tuple[Device, SignedScan]:
    """One offline scan: with the code of the phone, or by the number of the pass."""
    at, kind, which, minute, coded = seen
    device, ticket, when = devices[at], ground.tickets[which], NOW + minute * MINUTE
    about = None if kind == "pulse" else ticket
    body = ground.evening.scan(device, kind, about, at=when, offline=True)
    if not coded:
        body.pop("code", None)
    return device, SignedScan(**ground.evening.signed(device, body))


async def upload(ground: SimpleNamespace, sent: list[tuple[Device, SignedScan]], chance: random.Random) -> None:
    """Send scans in pieces of any size, some of them concurrently, through any process."""
    pieces = []
    while sent:
        device = sent[0][0]
        mine = [one for one in sent if one[0] is device][: chance.randint(1, 4)]
        sent = [one for one in sent if one not in mine]
        pieces.append((device, [scan for _, scan in mine]))
    chance.shuffle(pieces)
    while pieces:
        at_once = chance.randint(1, 3)
        add_up, pieces = pieces[:at_once], pieces[at_once:]
        asked = [(chance.choice(ground.desks), device, scans) for device, scans in add_up]
        await asyncio.gather(
            *(desk.take(Principal("device", device.id, None, (Grant("gate"),)), scans) for desk, device, scans in asked)
        )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SEEN, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_order_repetition_and_splitting_gives_the_same_tables(
    ground: SimpleNamespace, seen: list[Any], chance: random.Random
) -> None:
    devices = [ground.evening.device(gate) for gate in GATES]
    ground.runner.run(ground.evening.paired())
    scans = [signed(ground, devices, one) for one in seen]

    async def in_order() -> dict[str, Any]:
        await cleared(ground.db)
        for device, scan in scans:
            await ground.desks[0].take(Principal("device", device.id, None, (Grant("gate"),)), [scan])
        return await tables(ground.db)

    async def in_any_order() -> dict[str, Any]:
        await cleared(ground.db)
        for _ in range(2):
            again = [*scans, *chance.sample(scans, chance.randint(0, len(scans)))]
            chance.shuffle(again)
            await upload(ground, again, chance)
        return await tables(ground.db)

    assert ground.runner.run(in_any_order()) == ground.runner.run(in_order())


def test_every_duplicate_admission_of_two_gates_is_found(ground: SimpleNamespace) -> None:
    here, there = ground.evening.device("A1"), ground.evening.device("A2")
    scans = [
        (device, SignedScan(**ground.evening.signed(device, ground.evening.scan(device, "passed", ticket, at=at))))
        for device, at in ((here, NOW - MINUTE), (there, NOW - MINUTE + timedelta(seconds=20)))
        for ticket in ground.tickets
    ]

    async def both() -> list[Any]:
        everywhere = (Grant("gate"),)
        await ground.evening.paired()
        await asyncio.gather(
            *(
                desk.take(Principal("device", device.id, None, everywhere), [scan])
                for (device, scan), desk in zip(scans, ground.desks * len(ground.tickets), strict=True)
            )
        )
        return (await tables(ground.db))["duplicates"]

    assert [row[0] for row in ground.runner.run(both())] == [ticket.number for ticket in ground.tickets]
