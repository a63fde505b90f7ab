"""Web Push: which endpoints are told, and what a subscription is."""

from typing import Annotated

from msgspec import Meta, Struct


class PushSubscription(Struct, frozen=True, forbid_unknown_fields=True):
    """What `PushSubscription.toJSON()` of a browser says: its endpoint and its keys, base64url."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=1000)]
    p256dh: Annotated[str, Meta(min_length=1, max_length=100)]
    auth: Annotated[str, Meta(min_length=1, max_length=50)]
