"""Push messages: which key a browser subscribes by, and where it wants to be told."""

from uuid import UUID

from msgspec import Struct

from virage.identity.people.acts import push as acts
from virage.identity.people.rules.push import PushSubscription, subscriber_of
from virage.identity.people.rules.webpush import Vapid
from virage.identity.people.settings import PeopleSettings
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, put


class PushKey(Struct, frozen=True):
    """The `applicationServerKey` of subscriptions: an uncompressed point of P-256, base64url."""

    key: str


@get("/api/push/key", public=True)
async def get_push_key(vapid: Vapid) -> PushKey:
    """The public key of the deployment for push messages (VAPID, RFC 8292)."""
    return PushKey(base64url(vapid.public))


@put("/api/me/push-subscriptions/{subscription_id:uuid}", status_code=204, guards=[signed_in])
async def put_push_subscription(
    subscription_id: UUID,
    data: PushSubscription,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    vapid: Vapid,
    principal: Principal,
) -> None:
    """Tell this browser when something of mine is ready, until it signs out. The same id again writes it anew."""
    subscriber = granted(subscriber_of(data, vapid.public, loopback=config.of(PeopleSettings).push_to_loopback))
    granted(await db.transact(acts.subscribe, subscription_id, _session_of(principal), subscriber, clock.now()))


@delete("/api/me/push-subscriptions/{subscription_id:uuid}", status_code=204, guards=[signed_in])
async def delete_push_subscription(subscription_id: UUID, db: Database, principal: Principal) -> None:
    """Tell this browser nothing more."""
    async with db.transaction() as conn:
        await acts.unsubscribe(conn, subscription_id, _session_of(principal))


def _session_of(principal: Principal) -> UUID:
    require_fan(principal)
    if principal.session_id is None:
        raise Problem("unauthenticated")
    return principal.session_id


handlers = [get_push_key, put_push_subscription, delete_push_subscription]
