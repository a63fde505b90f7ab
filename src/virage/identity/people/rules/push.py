"""Web Push: allowed endpoints, and the contents of messages.

A browser registers the address of its push service. A signed-in person can register any address, so it must be a
public server and not one of our own network.
"""

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Meta, Struct

from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.values.localised import LanguageTag
from virage.platform.values.refusals import Refused, invalid_input

POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
SUBSCRIPTIONS_MAX: Final = 10
"""Maximum per session; a browser has one."""
BROWSERS_PER_JOB: Final = 250
_HOST: Final = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24")))
"""Protocol assignments (RFC 6890) and 6to4 relays (RFC 7526), which older Pythons take for public."""
"""Public servers' IPv6 addresses (RFC 4291): outside are IPv4 ones in disguise (RFC 6052, 8215) and site-local ones."""

NOT_AN_ENDPOINT: Final = invalid_input("endpoint", "This is not the address of a push service.")
NOT_A_KEY: Final = invalid_input("p256dh", "This is not a point of P-256.")
NOT_A_SECRET: Final = invalid_input("auth", "It must have 16 bytes.")

Urgency = Literal["normal", "high"]
"""Whether the message wakes a phone (RFC 8030, section 5.3)."""


class PushSubscription(Struct, frozen=True, forbid_unknown_fields=True):
    """The endpoint and the base64url keys of `PushSubscription.toJSON()`."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=1000)]
    p256dh: Annotated[str, Meta(min_length=1, max_length=100)]
    auth: Annotated[str, Meta(min_length=1, max_length=50)]


class Subscriber(Struct, frozen=True):
    """A push endpoint and its encryption keys; `vapid` is the server key of the subscription."""

    endpoint: str
    p256dh: bytes
    auth: bytes
    vapid: bytes


class PushText(Struct, frozen=True):
    """Title and text of a notification."""

    title: str
    body: str


class PushMessage(Struct, frozen=True):
    """A notification: ids, and a short text in each language, without names of persons.

    A later message of the same `topic` replaces one that the phone has not received yet. After a message that
    `corrects` was sent, messages with a lower `revision` are not sent. One that `is_urgent` is sent before all others.
    """

    person_ids: Sequence[UUID]
    kind: str
    topic: UUID
    said: dict[LanguageTag, PushText]
    data: dict[str, Any]
    expires_at: datetime
    urgency: Urgency = "high"
    revision: int = 0
    corrects: bool = False
    is_urgent: bool = False


class PushJob(Struct, frozen=True):
    """The job: one message for some browsers, as they will read it."""

    subscription_ids: list[UUID]
    topic: UUID
    text: str
    expires_at: datetime
    urgency: Urgency = "high"
    revision: int = 0


def subscriber_of(request: PushSubscription, vapid: bytes, *, loopback: bool) -> Subscriber | Refused:
    """Return what a browser asks for, or why it is none; `loopback` lets tests and rehearsals speak to themselves."""
    if not may_call(request.endpoint, loopback=loopback):
        return NOT_AN_ENDPOINT
    point, auth = bytes_of_base64url(request.p256dh.rstrip("=")), bytes_of_base64url(request.auth.rstrip("="))
    if point is None or not _is_point(point):
        return NOT_A_KEY
    if auth is None or len(auth) != AUTH_BYTES:
        return NOT_A_SECRET
    return Subscriber(request.endpoint, point, auth, vapid)


def may_call(endpoint: str, *, loopback: bool) -> bool:
    """Whether an address is one of a public server by its name, over HTTPS at its usual port.

    A name whose last label has a digit first may be read as an IPv4 address, so it is none.
    """
    if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint or "\\" in endpoint:
        return False
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError:
        return False
    if url.username is not None or url.password is not None or url.fragment or url.hostname is None:
        return False
    if loopback and _is_loopback(url):
        return True
    return url.scheme == "https" and port in (None, 443) and _HOST.fullmatch(url.hostname) is not None


def may_connect(address: str, *, loopback: bool) -> bool:
    """Whether what a name stands for now is a public address: the name alone proves nothing."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.sixtofour is not None or found.teredo is not None:
            return False
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found not in _UNICAST and not found.is_loopback:
            return False
    if any(found in network for network in _NOT_PUBLIC):
        return False
    return (found.is_global and not found.is_multicast) or (loopback and found.is_loopback)


def _is_loopback(url: SplitResult) -> bool:
    return url.scheme in ("http", "https") and url.hostname in _LOOPBACK_HOSTS


def _is_point(value: bytes) -> bool:
    if len(value) != POINT_BYTES:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), value)
    except ValueError:
        return False
    return True
