"""The concessionaires of the demo and their outlets; the shops are run by the club."""

from datetime import UTC, date, datetime
from typing import Final

from virage.control.books import api as books
from virage.control.books.api import concessionaires
from virage.control.books.types import ConcessionaireUpdate, Terms
from virage.demo.concessions import counters
from virage.demo.ids import demo_id
from virage.demo.programme import done
from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Connection

WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
SINCE: Final = date(2026, 1, 1)
RUN_BY: Final = (
    (ConcessionaireUpdate("Les Buvettes du Rhône", "Décines-Charpieu", "FR00000000001", "00000000100010"), 320),
    (ConcessionaireUpdate("Comptoirs des Tribunes", "Lyon", "FR00000000002", "00000000200010"), 280),
)
"""Name and commission in permille: each runs every third food outlet of the stadium, the club the rest."""


async def load_concessionaires(conn: Connection, now: datetime) -> None:
    """Create the missing concessionaires with their outlets."""
    in_stadium = [outlet for outlet in counters() if outlet in stadium().outlet_by_code]
    known = {concessionaire.id for concessionaire in await concessionaires(conn, None)}
    for number, (wish, permille) in enumerate(RUN_BY):
        who = demo_id(f"concessionaire {number}", WRITTEN)
        if who in known:
            continue
        done(await books.put_concessionaire(conn, who, wish, None, now))
        for outlet in in_stadium[number :: len(RUN_BY) + 1]:
            terms = Terms(demo_id(f"terms {outlet}", WRITTEN), outlet, SINCE, None, permille)
            done(await books.put_terms(conn, who, terms, None, now))
