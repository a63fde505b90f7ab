"""The events of the demo: a match tonight, two concerts with standing areas, a tournament of six matches.

The stadium has the match and a concert, the arena in New York the other one; the tournament is at all three venues.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.demo.ids import demo_id
from virage.demo.prices import arena_pricing, concert_pricing, match_pricing, tournament_pricing
from virage.demo.venues.drawing import CODES, STADIUM, ZONE, venue_file
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.api import set_pricing
from virage.sale.ticketing.types import Pricing
from virage.site.programme import api as programme
from virage.site.programme.types import EventRules, Kind, NewEvent, Organiser, Series, Text
from virage.site.venue.api import import_file, venues

Done = TypeVar("Done")

FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
CONCERT_EVERY_DAYS = 28
TOURNAMENT_EVERY_DAYS = 56
SALE_BEFORE = timedelta(days=90)
ON_SALE_AFTER_START = timedelta(minutes=45)
TEAMS = ("Aigles", "Lions", "Loups", "Cerfs")
PAIRINGS = ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3), (1, 2))
TOURNAMENT_VENUES: Final = (STADIUM, "park", "arena")
"""The venue of each of its three days, with two matches a day."""

CLUB = Organiser(demo_id("club", FOUNDED), "Virage Football Club")
PROMOTER = Organiser(demo_id("promoter", FOUNDED), "Grand Large Concerts")


class Planned(Struct, frozen=True):
    """An event at a venue with its prices, and the share that is sold (0 to 1, of seats and of standing places)."""

    event: NewEvent
    pricing: Pricing
    seated_share: float
    standing_share: float = 0.0
    venue_code: str = STADIUM


def planned(now: datetime) -> list[Planned]:
    """Return the events at `now`: a past event is replaced by the next one of its kind."""
    return [tonight(now), concert(now), arena_concert(now), *tournament(now)]


def tonight(now: datetime) -> Planned:
    """Return tonight's match, or tomorrow's once tonight's sale has closed."""
    today = now.astimezone(ZONE).date()
    if _at(today, 21) + ON_SALE_AFTER_START <= now:
        today += timedelta(days=1)
    match = _event(
        "match",
        f"match {today}",
        CLUB,
        {
            "fr": "Virage FC\N{NO-BREAK SPACE}\N{EN DASH} Étoile du Nord",
            "en": "Virage FC v Étoile du Nord",
            "de": "Virage FC\N{NO-BREAK SPACE}\N{EN DASH} Étoile du Nord",
        },
        {"fr": "Championnat, 12ᵉ journée", "en": "League, matchday 12", "de": "Meisterschaft, 12. Spieltag"},
        starts_at=_at(today, 21),
        lasts=timedelta(hours=2),
    )
    return Planned(match, match_pricing(), seated_share=0.42)


def concert(now: datetime) -> Planned:
    """Return the next concert: one in four weeks, at least three days away."""
    day = _concert_day(now)
    show = _event(
        "concert",
        f"concert {day}",
        PROMOTER,
        {
            "fr": "La nuit des grandes voix",
            "en": "The Night of Great Voices",
            "de": "Die Nacht der großen Stimmen",
        },
        {
            "fr": "Pelouse debout et tribunes",
            "en": "Standing pitch and stands",
            "de": "Stehplätze auf dem Rasen und Tribünen",
        },
        starts_at=_at(day, 20),
        lasts=timedelta(hours=3),
        rules=EventRules(limit_per_buyer=6, named_tickets=False, bag_litres_max=5),
    )
    return Planned(show, concert_pricing(), seated_share=0.08, standing_share=0.1)


def arena_concert(now: datetime) -> Planned:
    """Return the concert in the arena, three days after that in the stadium."""
    day = _concert_day(now) + timedelta(days=3)
    show = _event(
        "concert",
        f"arena concert {day}",
        PROMOTER,
        {
            "fr": "Les voix du port",
            "en": "Voices of the Harbour",
            "de": "Stimmen des Hafens",
        },
        {
            "fr": "Fosse debout et gradins",
            "en": "Standing floor and stands",
            "de": "Stehplätze im Innenraum und Ränge",
        },
        starts_at=_at(day, 20, "arena"),
        lasts=timedelta(hours=3),
        venue_code="arena",
        rules=EventRules(limit_per_buyer=6, named_tickets=False, bag_litres_max=5),
    )
    return Planned(show, arena_pricing(), seated_share=0.25, standing_share=0.3, venue_code="arena")


def tournament(now: datetime) -> list[Planned]:
    """Return the six matches of the next tournament: two a day, on three days at three venues."""
    first = _next_day(now + timedelta(days=14), TOURNAMENT_EVERY_DAYS, offset=30)
    series = series_of(first)
    plans = []
    for number, (home, away) in enumerate(PAIRINGS):
        venue_code = TOURNAMENT_VENUES[number // 2]
        against = f"{TEAMS[home]}\N{NO-BREAK SPACE}\N{EN DASH} {TEAMS[away]}"
        match = _event(
            "match",
            f"tournament {first} {number}" if venue_code == STADIUM else f"tournament {first} {number} {venue_code}",
            CLUB,
            {"fr": against, "en": f"{TEAMS[home]} v {TEAMS[away]}", "de": against},
            {
                "fr": f"Groupe, match {number + 1}",
                "en": f"Group stage, match {number + 1}",
                "de": f"Gruppenphase, Spiel {number + 1}",
            },
            starts_at=_at(first + timedelta(days=3 * (number // 2)), 18 if number % 2 == 0 else 21, venue_code),
            lasts=timedelta(hours=2),
            venue_code=venue_code,
            rules=EventRules(named_tickets=True, paper_identity_check=True),
            series=series,
        )
        plans.append(Planned(match, tournament_pricing(venue_code), seated_share=0.02, venue_code=venue_code))
    return plans


def series_of(first: date) -> Series:
    """Return the tournament that begins on that day."""
    title = {"fr": "Tournoi des Deux Fleuves", "en": "Two Rivers Tournament", "de": "Turnier der zwei Flüsse"}
    return Series(demo_id(f"series {first}", _at(first, 0)), CLUB.id, title)


async def load_programme(conn: Connection, plans: list[Planned], now: datetime) -> None:
    """Create, price and publish the missing events at their venues; what exists may have been changed since.

    Raises RuntimeError if one is refused.
    """
    known = {venue.code for venue in await venues(conn)}
    for code in CODES:
        if code not in known:
            done(await import_file(conn, venue_file(code), None, now, based_on=None))
    for organiser in (CLUB, PROMOTER):
        done(await programme.add_organiser(conn, organiser, None, now))
    series = series_of(_first_day(plans))
    if series.id not in {known.id for known in await programme.series(conn, None)}:
        done(await programme.add_series(conn, series, None, now))
    for plan in plans:
        if await programme.event(conn, plan.event.id) is None:
            done(await programme.create(conn, plan.event, None, now))
            done(await set_pricing(conn, plan.event.id, plan.pricing, None, now))
            done(await programme.publish(conn, plan.event.id, None, now))


def _concert_day(now: datetime) -> date:
    return _next_day(now + timedelta(days=3), CONCERT_EVERY_DAYS, offset=12)


def _first_day(plans: list[Planned]) -> date:
    return min(plan.event.starts_at for plan in plans if plan.event.series_id).astimezone(ZONE).date()


def _event(
    kind: Kind,
    name: str,
    organiser: Organiser,
    title: Text,
    subtitle: Text,
    *,
    starts_at: datetime,
    lasts: timedelta,
    venue_code: str = STADIUM,
    rules: EventRules | None = None,
    series: Series | None = None,
) -> NewEvent:
    return NewEvent(
        id=demo_id(name, starts_at - SALE_BEFORE),
        organiser_id=organiser.id,
        kind=kind,
        title=title,
        subtitle=subtitle,
        series_id=series.id if series else None,
        doors_at=starts_at - timedelta(minutes=90),
        starts_at=starts_at,
        ends_at=starts_at + lasts,
        sale_opens_at=starts_at - SALE_BEFORE,
        sale_closes_at=starts_at + ON_SALE_AFTER_START,
        rules=rules or EventRules(),
        venue_code=venue_code,
    )


def _next_day(after: datetime, every_days: int, offset: int) -> date:
    """Return the first day from a date on in a fixed rhythm."""
    day = after.astimezone(ZONE).date()
    return day + timedelta(days=(offset - day.toordinal()) % every_days)


def _at(day: date, hour: int, venue_code: str = STADIUM) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(venue_file(venue_code).time_zone)).astimezone(UTC)


def done(outcome: Done | Refused) -> Done:
    """Return an outcome. Raises RuntimeError for a refusal, which is a defect of the demo."""
    if isinstance(outcome, Refused):
        raise RuntimeError(f"An act of the demo was refused: {outcome}")  # noqa: TRY004 - not a wrong type
    return outcome
