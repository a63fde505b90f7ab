"""Commands of the office on programmes and rewards. `who` is the person or API client, None for the system."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append, position_key
from virage.platform.values.refusals import Refused
from virage.sale.points.rules.checking import check_programme, check_reward, content_of, reward_content_of
from virage.sale.points.rules.terms import PointsRefusal, Programme, ProgrammeContent, Reward, RewardContent
from virage.sale.points.store import accounts as accounts_store
from virage.sale.points.store import programmes as store
from virage.sale.points.store import rewards as rewards_store
from virage.site.programme import api as programme


async def set_programme(
    conn: Connection,
    organiser_id: UUID,
    content: ProgrammeContent,
    revision: int,
    *,
    who: UUID | None,
    now: datetime,
    languages: Sequence[str] = (),
) -> Programme | Refused:
    """Replace the programme of an organiser at `revision`, 0 for the first one. The same content changes nothing.

    Points are earned from now on by its rules; what was earned stays. Refusals: `unknown_organiser`, `invalid_input`,
    `changed_meanwhile`.
    """
    if not await programme.organisers(conn, [organiser_id]):
        return Refused(PointsRefusal.UNKNOWN_ORGANISER)
    series = {one.id for one in await programme.series(conn, [organiser_id])}
    refusal = check_programme(content, series, languages)
    if refusal is not None:
        return refusal
    current = await store.lock_programme(conn, organiser_id)
    known = (await store.programmes(conn, [organiser_id])).get(organiser_id)
    if known is not None and content_of(known) == content_of(content):
        return known
    if revision != current:
        return Refused(PointsRefusal.CHANGED, {"revision": current})
    await store.put_programme(conn, organiser_id, current + 1, content_of(content), now)
    await accounts_store.start_position(conn, position_key(await journal.head(conn)))
    data = {"revision": current + 1, "open": content.is_open}
    await append(conn, [Fact("points_programme_set", who, organiser_id, data)], now)
    return (await store.programmes(conn, [organiser_id]))[organiser_id]


async def set_reward(
    conn: Connection,
    reward_id: UUID,
    organiser_id: UUID,
    content: RewardContent,
    *,
    who: UUID | None,
    now: datetime,
    revision: int | None = None,
    languages: Sequence[str] = (),
) -> Reward | Refused:
    """Create a reward, or replace its content at `revision`. The same content again changes nothing.

    Refusals: `not_found` for an organiser without a programme and for a reward of another one, `invalid_input`,
    `changed_meanwhile`.
    """
    if organiser_id not in await store.programmes(conn, [organiser_id]):
        return Refused(PointsRefusal.NOT_FOUND)
    known = await rewards_store.lock_reward(conn, reward_id)
    if known is not None and known.organiser_id != organiser_id:
        return Refused(PointsRefusal.NOT_FOUND)
    refusal = check_reward(content, known, languages)
    if refusal is not None:
        return refusal
    if known is not None:
        if reward_content_of(known) == reward_content_of(content):
            return known
        if revision != known.revision:
            return Refused(PointsRefusal.CHANGED, {"revision": known.revision})
    await rewards_store.put_reward(conn, reward_id, organiser_id, content, now)
    reward = await rewards_store.reward(conn, reward_id)
    assert reward is not None  # noqa: S101 - just written
    data = {"organiser": organiser_id, "revision": reward.revision, "points": reward.price_points}
    await append(conn, [Fact("points_reward_set", who, reward_id, data)], now)
    return reward
