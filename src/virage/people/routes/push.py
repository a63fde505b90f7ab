"""Push messages: which key a browser subscribes by, and where it wants to be told."""

from uuid import UUID

from litestar import delete, get, put
from msgspec import Struct

from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.kernel.guard import Principal, signed_in
from virage.people.rules.push import PushSubscription


class PushKey(Struct, frozen=True):
    """The `applicationServerKey` of subscriptions: an uncompressed point of P-256, base64url."""

    key: str


@get("/api/push/key", opt={"public": True})
async def get_push_key() -> PushKey:
    """The house's public key for push messages (VAPID, RFC 8292)."""
    raise NotImplementedError


@put("/api/me/push-subscriptions/{subscription_id:uuid}", status_code=204, guards=[signed_in])
async def put_push_subscription(
    subscription_id: UUID, data: PushSubscription, db: Database, clock: Clock, principal: Principal
) -> None:
    """Tell this browser when something of mine is ready, until it signs out."""
    raise NotImplementedError


@delete("/api/me/push-subscriptions/{subscription_id:uuid}", status_code=204, guards=[signed_in])
async def delete_push_subscription(subscription_id: UUID, db: Database, principal: Principal) -> None:
    """Tell this browser nothing more."""
    raise NotImplementedError


handlers = [get_push_key, put_push_subscription, delete_push_subscription]
