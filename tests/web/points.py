"""A match of the club tonight, a visitor who enters it, and rewards, for the browser tests of points."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, expect

from tests.web.gate import Ticket
from tests.web.gates import Lane
from tests.web.office import in_database
from tests.web.steps import ACCEPTED, by_card
from tests.web.system import System
from virage.demo.prices import match_pricing
from virage.demo.programme import CLUB, done
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import BindingRequest, BoundPass
from virage.identity.people import acts as people
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.sale.points.acts.programmes import set_reward
from virage.sale.points.rules.terms import RewardContent
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.site.programme import acts as programme
from virage.site.programme.rules import NewEvent

HOUR = timedelta(hours=1)


def match_tonight(system: System, title: str) -> UUID:
    """A match of the club that begins in an hour and is on sale."""

    async def make(conn: Connection) -> UUID:
        now = datetime.now(UTC)
        event = NewEvent(
            id=new_id(),
            organiser_id=CLUB.id,
            kind="match",
            title={"fr": title, "en": title, "de": title},
            doors_at=now - HOUR,
            starts_at=now + HOUR,
            ends_at=now + 3 * HOUR,
            sale_opens_at=now - 24 * HOUR,
            sale_closes_at=now + HOUR,
            venue_code="stadium",
        )
        done(await programme.create(conn, event, None, now))
        done(await set_pricing(conn, event.id, match_pricing(), None, now))
        done(await programme.publish(conn, event.id, None, now))
        return event.id

    return in_database(system, make)


def named(system: System, email: str) -> str:
    """A fan with a name, as buying tickets needs one; the address."""
    in_database(system, lambda conn: people.ensure_fan(conn, email, "Alex Martin", datetime.now(UTC), "en"))
    return email


def buy(page: Page, event_id: UUID) -> None:
    """Buy two seats of an event."""
    page.goto(f"/events/{event_id}")
    page.get_by_role("button", name="Find 2 seats").click()
    page.get_by_role("button", name="Reserve these seats").click()
    page.get_by_role("button", name="Pay €").click()
    by_card(page, ACCEPTED)
    expect(page.get_by_role("link", name="Open my tickets")).to_be_visible()


def enter(system: System, event_id: UUID) -> None:
    """A gate admits a ticket that was bought for the event, with the code of a phone of its own."""
    vault, private = KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE)), Ed25519PrivateKey.generate()

    async def bind(conn: Connection) -> tuple[Ticket, str]:
        jwk = Jwk("OKP", "Ed25519", base64url(private.public_key().public_bytes_raw()))
        ticket_id = await conn.fetchval("select id from ticketing.ticket where event_id = $1 order by place", event_id)
        (bound,) = await passes.bind(conn, vault, [BindingRequest(ticket_id, jwk)], datetime.now(UTC))
        assert isinstance(bound, BoundPass), bound
        row = await conn.fetchrow("select place, gate_group from passes.pass where subject = $1", ticket_id)
        assert row is not None
        group = row["gate_group"]
        gate = next(gate.code for gate in stadium().gates if gate.group == group)
        return Ticket(bound.number, bound.text, private, row["place"], group, ticket_id), gate

    ticket, gate = in_database(system, bind)
    answer = Lane(system, event_id, gate, f"Lane {event_id.hex[-6:]}").scan("ask", ticket)
    assert answer["outcome"] == "admitted", answer


def reward(system: System, title: str, *, asks_text: bool = True) -> None:
    """A reward of the club at 10 points, the last one; by default it asks for a text."""

    async def make(conn: Connection) -> None:
        now = datetime.now(UTC)
        content = RewardContent(
            kind="experience",
            name={"fr": title, "en": title, "de": title},
            price_points=10,
            stock=1,
            opens_at=now - HOUR,
            closes_at=now + timedelta(days=30),
            asks_text=asks_text,
        )
        done(await set_reward(conn, new_id(), CLUB.id, content, who=None, now=now))

    in_database(system, make)


@contextmanager
def waiting_before(system: System, title: str, count: int) -> Iterator[None]:
    """So many other rewards wait for the office, redeemed before the one with this title, until the block ends."""
    reward_id, ids = new_id(), [new_id() for _ in range(count)]

    async def make(conn: Connection) -> None:
        (first,) = await conn.fetch("select * from points.redemption where name ->> 'en' = $1", title)
        content = RewardContent(
            kind="experience",
            name={"fr": "Visite", "en": "Tour", "de": "Tour"},
            price_points=10,
            opens_at=first["redeemed_at"] - HOUR,
            closes_at=first["redeemed_at"],
        )
        done(await set_reward(conn, reward_id, CLUB.id, content, who=None, now=datetime.now(UTC)))
        await conn.execute(
            """
            insert into points.redemption
                (id, account_id, reward_id, name, price_points, state, code, by_bonus, redeemed_at, state_at)
            select new.id, $2, reward.id, reward.name, 10, 'open', upper(right(new.id::text, 8)), false, $4, $4
            from unnest($1::uuid[]) as new (id) cross join points.reward where reward.id = $3
            """,
            ids,
            first["account_id"],
            reward_id,
            first["redeemed_at"] - HOUR,
        )

    async def remove(conn: Connection) -> None:
        await conn.execute("delete from points.redemption where id = any($1::uuid[])", ids)
        await conn.execute("delete from points.reward where id = $1", reward_id)

    in_database(system, make)
    try:
        yield
    finally:
        in_database(system, remove)
