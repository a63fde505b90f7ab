"""Shared parts of the tests of points: a club with a programme, and gates that its visitors pass."""

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import (
    HOUR,
    Box,
    System,
    app,
    counters,
    empty_system,
    gates,
    provider,
    system,
)
from virage.identity.people.store import devices
from virage.matchday.access.acts.scans import process_scans, withdraw_scans
from virage.matchday.access.api import first_entries
from virage.matchday.access.rules.scans import Kind, Scan, VerifiedScan
from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders.api import food_spent
from virage.matchday.food.till.api import TillSpends
from virage.money.wallet.funding.reads.audit import Audit, audit
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal
from virage.sale.points.acts.earning import Sources
from virage.sale.points.acts.programmes import set_programme, set_reward
from virage.sale.points.jobs import PointsJobs
from virage.sale.points.rules.terms import (
    Basis,
    EarningRule,
    PointsTier,
    Programme,
    ProgrammeContent,
    Reward,
    RewardContent,
)

__all__ = ["app", "counters", "empty_system", "gates", "provider", "system"]

ZONE = ZoneInfo("Europe/Paris")
ENTRY, EARLY, TICKETS = new_id(), new_id(), new_id()


def name(text: str) -> dict[str, str]:
    return {"fr": text, "en": text, "de": text}


def a_rule(basis: Basis, points: int, id_: UUID | None = None, **changes: Any) -> EarningRule:
    return EarningRule(id=id_ or new_id(), name=name(f"{basis} {points}"), basis=basis, points=points, **changes)


RULES = [a_rule("entry", 10, ENTRY), a_rule("early_entry", 5, EARLY), a_rule("tickets", 1, TICKETS)]


def a_programme(**changes: Any) -> ProgrammeContent:
    """An open programme: 10 points for an entry, 5 more before the start, one for each euro of tickets."""
    content: dict[str, Any] = {"name": name("Club points"), "is_open": True, "rules": RULES}
    return ProgrammeContent(**(content | changes))


def a_tier(threshold: int, **changes: Any) -> PointsTier:
    return PointsTier(id=new_id(), name=name(f"From {threshold}"), threshold=threshold, **changes)


class Club:
    """The points of the organiser of a system, and its gates."""

    def __init__(self, system: System, clock: FakeClock) -> None:
        self.system = system
        self.clock = clock
        self.organiser_id = system.organiser_id
        sources = Sources(first_entries, food_spent, TillSpends(Catalogues(system.db)), 100)
        self.jobs = PointsJobs(system.clock, ZONE, sources)
        self.devices = itertools.count(1)

    async def programme(self, revision: int = 0, **changes: Any) -> Programme:
        """Set the programme."""
        async with self.system.db.transaction() as conn:
            stored = await set_programme(
                conn, self.organiser_id, a_programme(**changes), revision, who=None, now=self.system.clock.now()
            )
        assert isinstance(stored, Programme), stored
        return stored

    async def reward(self, reward_id: UUID | None = None, revision: int | None = None, **changes: Any) -> Reward:
        """Set a reward, by default a pitch walk at 10 points."""
        now = self.system.clock.now()
        content: dict[str, Any] = {
            "kind": "experience",
            "name": name("Pitch walk"),
            "price_points": 10,
            "opens_at": now - HOUR,
            "closes_at": now + timedelta(days=400),
        }
        async with self.system.db.transaction() as conn:
            stored = await set_reward(
                conn,
                reward_id or new_id(),
                self.organiser_id,
                RewardContent(**(content | changes)),
                who=None,
                now=now,
                revision=revision,
            )
        assert isinstance(stored, Reward), stored
        return stored

    async def fan(self, email: str = "fan@example.org") -> Box:
        """A fan who takes part."""
        box = await self.system.fan(email)
        await self.joined(box)
        return box

    async def joined(self, box: Box) -> UUID:
        """Take part, a second after what happened before; the account."""
        self.clock.advance(timedelta(seconds=1))
        body = {"id": str(new_id()), "organiser_id": str(self.organiser_id)}
        answer = await box.ask("POST", "/api/points/accounts", body)
        assert answer.status_code == 200, answer.text
        return UUID(answer.json()[0]["account"]["id"])

    async def points(self, box: Box) -> dict[str, Any]:
        """The programme as a fan sees it, with their account."""
        answer = await box.ask("GET", "/api/points")
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()
        assert isinstance(found, dict)
        return found

    async def balance(self, box: Box) -> int:
        return int((await self.points(box))["account"]["balance"])

    async def movements(self, box: Box) -> list[dict[str, Any]]:
        """What moved in a fan's account, the latest first."""
        account_id = (await self.points(box))["account"]["id"]
        answer = await box.ask("GET", f"/api/points/accounts/{account_id}/movements")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["movements"]
        return found

    async def redeem(self, box: Box, reward: Reward, id_: UUID | None = None, **changes: Any) -> httpx.Response:
        body = {"id": str(id_ or new_id()), "reward_id": str(reward.id), "price_points": reward.price_points} | changes
        return await box.ask("POST", "/api/points/redemptions", body)

    async def office(self) -> Box:
        """A browser of the club's office."""
        grants = [Grant(role, "organiser", self.organiser_id) for role in ("box_office", "programme")]
        return await self.system.staff(*grants)

    async def enters(self, ticket_id: str, before_start: timedelta = HOUR) -> UUID:
        """A new gate admits the holder of a ticket, so long before the start, and sends it at once; its device."""
        (event,) = await self.system.rows(
            "select starts_at from programme.event where id = (select event_id from passes.pass where subject = $1)",
            UUID(ticket_id),
        )
        device_id, at = new_id(), event["starts_at"] - before_start
        self.clock.set(max(at, self.clock.now()))
        async with self.system.db.transaction() as conn:
            await conn.execute(
                """
                insert into people.device
                    (id, pairing_id, name, kind, posts, public_key, token_hash, paired_at, last_seen_at, paired_by)
                values ($1, $1, 'Gate', 'phone', array['A1'], '{}', $2, $3, $3, $1)
                """,
                device_id,
                device_id.bytes,
                at - timedelta(days=30),
            )
        await self.scanned(device_id, ticket_id, "passed", at)
        return device_id

    async def scanned(self, device_id: UUID, ticket_id: str, kind: Kind, at: datetime) -> None:
        """A gate sends what it saw of a ticket while it was offline."""
        (row,) = await self.system.rows("select event_id, number from passes.pass where subject = $1", UUID(ticket_id))
        scan = Scan(
            number=next(self.devices),
            event_id=row["event_id"],
            gate="A1",
            at=at,
            kind=kind,
            code="proved",
            pass_number=row["number"],
            offline=True,
        )
        async with self.system.db.transaction() as conn:
            await process_scans(conn, [VerifiedScan(device_id, scan, None)], self.system.clock.now())

    async def withdrawn(self, device_id: UUID) -> None:
        """The supervisor withdraws all that a gate sent."""
        supervisor_id = new_id()
        supervisor = Principal("staff", supervisor_id, grants=(Grant("supervisor"),))
        now = self.system.clock.now()
        async with self.system.db.transaction() as conn:
            await devices.revoke_device(conn, device_id, supervisor_id, now)
            assert await withdraw_scans(conn, supervisor, device_id, now - timedelta(days=1), now) is None

    async def earn(self) -> None:
        """Let the job follow the journal."""
        await self.jobs.earn(self.system.db)

    async def lapse(self) -> None:
        """Let the job for points that lapse run."""
        await self.jobs.lapse(self.system.db)

    async def audit(self) -> Audit:
        async with self.system.db.transaction() as conn:
            return await audit(conn)

    async def letters(self) -> list[str]:
        """The kinds of the emails about points, in order."""
        rows = await self.system.rows(
            "select kind from people.letter where kind like 'points%' or kind like 'reward%' order by queued_at, id"
        )
        return [row["kind"] for row in rows]


@pytest.fixture
async def club(system: System, clock: FakeClock) -> Club:
    """A club whose programme is open."""
    made = Club(system, clock)
    await made.programme()
    return made
