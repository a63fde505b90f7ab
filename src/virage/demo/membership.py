"""Tiers of the demo's club, and a friendly match that its members buy before the public sale."""

from datetime import date, datetime, timedelta

from virage.demo.ids import demo_id
from virage.demo.prices import match_pricing
from virage.demo.programme import CLUB, done
from virage.demo.venues.drawing import STADIUM, ZONE
from virage.platform.data.database import Connection
from virage.platform.values.days import local_day
from virage.sale.membership.api import set_tier, set_windows
from virage.sale.membership.types import EventWindow, TierContent
from virage.sale.ticketing.api import set_pricing
from virage.site.programme import api as programme
from virage.site.programme.types import NewEvent

SEASON_BEGINS = 7
"""The month in which a season begins."""


async def load_membership(conn: Connection, now: datetime) -> None:
    """Set two tiers of this season, and publish a friendly match with members' windows, unless they exist."""
    today = local_day(now, ZONE)
    first = date(today.year if today.month >= SEASON_BEGINS else today.year - 1, SEASON_BEGINS, 1)
    last = first.replace(year=first.year + 1) - timedelta(days=1)
    begins = datetime(first.year, first.month, 1, tzinfo=ZONE)
    gold, blue = (demo_id(f"tier {name} {first}", begins) for name in ("gold", "blue"))
    tiers = {
        gold: TierContent(
            name={"fr": "Or", "en": "Gold", "de": "Gold"},
            price_cents=6000,
            vat_permille=200,
            starts_on=first,
            ends_on=last,
            is_open=True,
            window_tickets=4,
        ),
        blue: TierContent(
            name={"fr": "Bleu", "en": "Blue", "de": "Blau"},
            rank=1,
            price_cents=0,
            vat_permille=200,
            starts_on=first,
            ends_on=last,
            is_open=True,
        ),
    }
    event_id = demo_id(f"friendly {first}", begins)
    if await programme.event(conn, event_id) is not None:
        return
    for tier_id, content in tiers.items():
        done(await set_tier(conn, tier_id, CLUB.id, content, who=None, now=now))
    starts_at = (now + timedelta(days=40)).replace(hour=17, minute=0, second=0, microsecond=0)
    opens_at = (now + timedelta(days=7)).replace(hour=9, minute=0, second=0, microsecond=0)
    match = NewEvent(
        id=event_id,
        organiser_id=CLUB.id,
        kind="match",
        title={
            "fr": "Virage FC\N{NO-BREAK SPACE}\N{EN DASH} Olympique du Lac",
            "en": "Virage FC v Olympique du Lac",
            "de": "Virage FC\N{NO-BREAK SPACE}\N{EN DASH} Olympique du Lac",
        },
        subtitle={"fr": "Match amical", "en": "Friendly match", "de": "Freundschaftsspiel"},
        doors_at=starts_at - timedelta(minutes=90),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        sale_opens_at=opens_at,
        sale_closes_at=starts_at,
        venue_code=STADIUM,
    )
    done(await programme.create(conn, match, None, now))
    done(await set_pricing(conn, event_id, match_pricing(), None, now))
    event = done(await programme.publish(conn, event_id, None, now))
    windows = [
        EventWindow(now - timedelta(hours=1), 4, [gold]),
        EventWindow(now + timedelta(days=2), 2, [gold, blue]),
    ]
    done(await set_windows(conn, event, windows, 0, who=None, now=now))
