"""Matches in demand, and draws that are open for entries."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from tests.sale.ticketing.conftest import GOLD, a_match, a_pricing
from tests.web.office import in_database
from tests.web.system import System
from virage.demo.programme import CLUB
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.draws.acts.setup import DrawKeys, open_draw, set_draw
from virage.sale.draws.rules.terms import DrawContent, QuotaRequest
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.site.programme import acts as programme
from virage.site.programme import api as programme_reads


def match_for_a_draw(system: System) -> UUID:
    """A match of its own in half a year, whose public sale opens in a month."""
    now = datetime.now(UTC)
    starts = now + timedelta(days=180)
    title = f"Cup final {new_id().hex[-6:]}"
    event = replace(
        a_match(CLUB.id),
        venue_code="stadium",
        title={"fr": title, "en": title, "de": title},
        doors_at=starts - timedelta(hours=2),
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        sale_opens_at=now + timedelta(days=30),
        sale_closes_at=starts,
    )

    async def create(conn: Connection) -> None:
        made = await programme.create(conn, event, None, now)
        assert not isinstance(made, Refused), made
        priced = await set_pricing(conn, event.id, a_pricing(), None, now)
        assert not isinstance(priced, Refused), priced
        published = await programme.publish(conn, event.id, None, now)
        assert not isinstance(published, Refused), published

    in_database(system, create)
    return event.id


def match_with_an_open_draw(system: System) -> UUID:
    """Such a match with a draw that takes entries; it is never made, so its seed may have a key of its own."""
    event_id, draw_id, now = match_for_a_draw(system), new_id(), datetime.now(UTC)
    content = DrawContent(
        quotas=[QuotaRequest(GOLD, 10)],
        closes_at=now + timedelta(days=20),
        draws_at=now + timedelta(days=21),
        ends_at=now + timedelta(days=25),
    )

    async def opened(conn: Connection) -> None:
        event = await programme_reads.event(conn, event_id)
        assert event is not None
        draw = await set_draw(conn, draw_id, event, content, revision=None, who=None, now=now)
        assert not isinstance(draw, Refused), draw
        ready = await open_draw(conn, DrawKeys(bytes(32), ()), draw_id, draw.revision, who=None, now=now)
        assert not isinstance(ready, Refused), ready

    in_database(system, opened)
    return event_id
