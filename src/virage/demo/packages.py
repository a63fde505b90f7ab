"""Packages of the demo: the six matches of the tournament, and two or three of them by choice."""

from datetime import datetime

from virage.demo.ids import demo_id
from virage.demo.programme import CLUB, done, tournament
from virage.platform.data.database import Connection
from virage.sale.packages.api import package_of, set_package
from virage.sale.packages.types import PackageContent


async def load_packages(conn: Connection, now: datetime) -> None:
    """Set the pack of the tournament's matches and the choice among them; what exists stays as it is."""
    matches = [plan.event for plan in tournament(now)]
    first, last = matches[0].starts_at, matches[-1].starts_at
    opens_at = matches[0].sale_opens_at
    pack = PackageContent(
        kind="pack",
        name={
            "fr": "Pack tournoi, six matchs",
            "en": "Tournament pack, six matches",
            "de": "Turnierpaket, sechs Spiele",
        },
        event_ids=[match.id for match in matches],
        discount_permille=250,
        family_permille=100,
        instalments_max=2,
        instalment_days=5,
        opens_at=opens_at,
        closes_at=first,
        is_open=True,
    )
    choice = PackageContent(
        kind="choice",
        name={
            "fr": "Tournoi à la carte",
            "en": "Tournament, matches of your choice",
            "de": "Turnier, Spiele nach Wahl",
        },
        event_ids=[match.id for match in matches],
        choose_min=2,
        choose_max=4,
        discount_permille=100,
        opens_at=opens_at,
        closes_at=last,
        is_open=True,
    )
    for content in (pack, choice):
        id_ = demo_id(f"package {content.kind} {first.date()}", opens_at)
        if await package_of(conn, id_, now) is None:
            done(await set_package(conn, id_, CLUB.id, content, who=None, now=now))
