"""A season that a fan holds, and the next one, which the office may let them renew into."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tests.sale.ticketing.conftest import GOLD_BLOCK, a_match, a_pricing, block_seats
from tests.web.office import in_database
from tests.web.system import System
from virage.demo.programme import CLUB
from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.packages.api import set_package
from virage.sale.packages.types import PackageContent
from virage.sale.seasons.acts.campaigns import set_campaign, start
from virage.sale.seasons.rules.terms import CampaignContent
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.site.programme import acts as programme

MATCHES = 3
SOLD = """
with subscription as (
    insert into packages.subscription (id, package_id, person_id, regular_cents, other_seats, begun_at)
    values ($1, $2, $3, 96000, '{}', $4)
)
insert into ticketing.orders (
    id, code, event_id, owner_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents, vat_permille,
    fee_vat_permille, held_at, expires_at, paid_at, bundle_id
)
select gen_random_uuid(), upper(substr(md5(event.id::text), 1, 8)), event.id, $3, 'paid', $6::integer[], '{0,0}',
    '{8000,8000}', array[gen_random_uuid(), gen_random_uuid()], 0, 16000, 55, 200, $4, $4, $4, $1
from unnest($5::uuid[]) as event (id)
"""


class TwoSeasons(Struct, frozen=True):
    """The package that the fan holds and the next one, by id and name. Both have the categories Gold and Blue."""

    ids: tuple[UUID, UUID]
    earlier: str
    following: str


def seasons_with_a_holder(system: System, email: str) -> TwoSeasons:
    """Two seasons of three matches each; the fan has bought two seats of the first one."""
    now, mark = datetime.now(UTC), new_id().hex[-6:]

    async def season(conn: Connection, name: str, first: datetime) -> tuple[UUID, list[UUID]]:
        ids = []
        for week in range(MATCHES):
            starts = first + timedelta(days=7 * week)
            title = f"{name}, match {week + 1}"
            match = replace(
                a_match(CLUB.id),
                venue_code="stadium",
                title={"fr": title, "en": title, "de": title},
                doors_at=starts - timedelta(hours=2),
                starts_at=starts,
                ends_at=starts + timedelta(hours=2),
                sale_opens_at=now + timedelta(days=100),
                sale_closes_at=starts,
            )
            for outcome in (
                await programme.create(conn, match, None, now),
                await set_pricing(conn, match.id, a_pricing(), None, now),
                await programme.publish(conn, match.id, None, now),
            ):
                assert not isinstance(outcome, Refused), outcome
            ids.append(match.id)
        content = PackageContent(
            kind="season",
            name={"fr": name, "en": name, "de": name},
            event_ids=ids,
            discount_permille=200,
            opens_at=now,
            closes_at=first,
        )
        package = await set_package(conn, new_id(), CLUB.id, content, who=None, now=now)
        assert not isinstance(package, Refused), package
        return package.id, ids

    async def made(conn: Connection) -> tuple[UUID, UUID]:
        package_id, matches = await season(conn, f"Season {mark} A", now + timedelta(days=120))
        following, _ = await season(conn, f"Season {mark} B", now + timedelta(days=300))
        person_id = await people.ensure_fan(conn, email, None, now)
        places = list(block_seats(GOLD_BLOCK)[40:42])
        await conn.execute(SOLD, new_id(), package_id, person_id, now, matches, places)
        return package_id, following

    return TwoSeasons(in_database(system, made), f"Season {mark} A", f"Season {mark} B")


def start_campaign(system: System, seasons: TwoSeasons) -> None:
    """Let the holders of the first season renew into the second one from now on; a worker makes their renewals."""
    now, campaign_id = datetime.now(UTC), new_id()
    content = CampaignContent(
        from_package_id=seasons.ids[0],
        to_package_id=seasons.ids[1],
        opens_at=now - timedelta(minutes=1),
        until=now + timedelta(days=30),
        relocates_until=now + timedelta(days=20),
    )

    async def started(conn: Connection) -> None:
        campaign = await set_campaign(conn, campaign_id, CLUB.id, content, revision=None, who=None, now=now)
        assert not isinstance(campaign, Refused), campaign
        assert not isinstance(await start(conn, campaign_id, campaign.revision, who=None, now=now), Refused)

    in_database(system, started)


def end_match(system: System, package_id: UUID) -> None:
    """Let the first match of a package be over for two days; nothing was scanned."""
    in_database(
        system,
        lambda conn: conn.execute(
            """
            update programme.event set doors_at = now() - interval '3 days', starts_at = now() - interval '2.5 days',
                ends_at = now() - interval '2 days', sale_opens_at = now() - interval '9 days',
                sale_closes_at = now() - interval '3 days'
            where id = (select event_ids[1] from packages.package where id = $1)
            """,
            package_id,
        ),
    )


def end_wishes(system: System) -> None:
    """Let the deadline of all wishes pass."""
    in_database(
        system,
        lambda conn: conn.execute(
            "update seasons.campaign set opens_at = opens_at - interval '1 hour', "
            "relocates_until = now() - interval '1 minute' where state = 'open'"
        ),
    )
