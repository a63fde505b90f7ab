"""The content of emails about points."""

from datetime import timedelta
from uuid import UUID

from virage.identity.people.types import Email, EmailContent
from virage.platform.data.database import Connection
from virage.platform.values.days import local_day
from virage.platform.values.localised import LocalisedText
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store
from virage.sale.points.store import rewards as rewards_store
from virage.site.programme import api as programme
from virage.site.venue.api import venues

PATH = "/points"


async def lapse_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return what lapses when; None for points that have lapsed or were spent."""
    notice = await store.notice(conn, email.subject_id)
    if notice is None or notice.done_at is not None:
        return None
    zone = (await venues(conn))[0].zone
    values = await _organiser(conn, notice.organiser_id) | {
        "points": notice.points,
        "lapses_on": local_day(notice.lapses_at, zone),
        "last_day": local_day(notice.lapses_at, zone) - timedelta(days=1),
    }
    return EmailContent(values, path=PATH)


async def reward_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return a redeemed reward as the email about its state tells it."""
    redemption = (await rewards_store.redemptions(conn, [email.subject_id])).get(email.subject_id)
    if redemption is None:
        return None
    values = await _organiser(conn, redemption.organiser_id) | {
        "reward": redemption.name,
        "points": redemption.price_points,
        "code": redemption.code,
        "reason": redemption.cancel_reason or "",
    }
    return EmailContent(values, path=PATH)


async def _organiser(conn: Connection, organiser_id: UUID) -> dict[str, object]:
    names = {one.id: one.name for one in await programme.organisers(conn, [organiser_id])}
    found = await programmes_store.programmes(conn, [organiser_id])
    name: LocalisedText = found[organiser_id].name
    return {"organiser": names.get(organiser_id, ""), "programme": name}
