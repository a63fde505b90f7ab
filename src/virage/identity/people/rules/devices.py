"""Devices at their posts: the code that pairs one, who may pair it, and at which gates or outlets it works."""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.identity.people.rules.secrets import CODE_DIGITS, PeopleKeys, new_code, same
from virage.platform.values.jwk import Jwk
from virage.platform.web.guard import Grant, Principal, holds

PAIRING_LIFETIME: Final = timedelta(minutes=10)
MISSES_MAX: Final = 5
REQUESTS_PER_HANDLE: Final = 20
"""Within an hour, whether a code begins with the handle or not, and whatever follows it."""
LEFT_POSTS_KEPT: Final = timedelta(days=7)
"""How long after a move a device may upload what it signed at its earlier posts without network."""
HANDLE_LENGTH: Final = 4
HANDLE_CHARACTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is read as another one


class DeviceKind(StrEnum):
    """What stands at the post: a steward's phone or a lane reader at gates, a till at outlets."""

    PHONE = "phone"
    LANE = "lane"
    TILL = "till"


class PostKind(NamedTuple):
    """The places of devices and staff: the gates of the venue, or its outlets."""

    scope: Literal["gate", "outlet"]
    device_role: str
    """What a device holds at its posts; no person and no API client can be given it."""
    worker: str
    """Who works there."""
    lead: str
    """Who says which devices stand there, and may more than the others on them."""


GATE: Final = PostKind("gate", "gate", "steward", "supervisor")
OUTLET: Final = PostKind("outlet", "till", "cashier", "finance")


class Posts(NamedTuple):
    """All posts of one kind. `groups` is the group of each post by its code; an outlet is a group of its own.

    `venues` is the code of each venue by its prefix, which begins the codes of its posts and groups (`arena.A1`,
    `arena.A`).
    """

    kind: PostKind
    groups: Mapping[str, str]
    venues: Mapping[str, str]

    def venue_of(self, post: str) -> str | None:
        """Return the code of the venue of a post or group; None if no venue has its prefix."""
        return self.venues.get(post[: post.rfind(".") + 1])

    def around(self, post: str) -> tuple[tuple[str, str], ...]:
        """Return the scopes that enclose a post or group: its group and its venue."""
        venue, group = self.venue_of(post), (self.kind.scope, self.groups.get(post, post))
        return (group,) if venue is None else (group, ("venue", venue))


class PairingCode(NamedTuple):
    """The two parts of a code: `handle` finds the pairing, `secret` proves that the code was seen."""

    handle: str
    secret: str

    def shown(self) -> str:
        """The code as people read it, `K7Q2-483 917`."""
        middle = CODE_DIGITS // 2
        return f"{self.handle}-{self.secret[:middle]} {self.secret[middle:]}"


class PairingRequest(Struct, frozen=True):
    """A device that is to come. `id` names the pairing; `posts` are codes of outlets for a till, for any other device
    codes of gates or letters of their groups.
    """

    id: UUID
    name: str
    kind: DeviceKind
    posts: list[str]


class OpenedPairing(Struct, frozen=True):
    """The code to show to the device, which is kept nowhere else."""

    id: UUID
    code: str
    expires_at: datetime


class DevicePairing(Struct, frozen=True):
    """A device that comes with a code, and the public key that it made for itself."""

    code: str
    key: Jwk


class PairedDevice(Struct, frozen=True):
    """A paired device with its bearer token, which is returned only once."""

    device_id: UUID
    token: str
    name: str
    kind: DeviceKind
    posts: list[str]


class DeviceUpdate(Struct, frozen=True):
    """A device's name and posts from now on."""

    name: str
    posts: list[str]


class Device(Struct, frozen=True):
    """A device as the domain that takes what it signs knows it."""

    id: UUID
    name: str
    kind: DeviceKind
    posts: list[str]
    public_key: Jwk
    revoked_at: datetime | None


class GatePost(Struct, frozen=True):
    """A gate with its group, as roles and devices name both: with the prefix of their venue."""

    code: str
    group: str


class VenuePosts(Struct, frozen=True):
    """The posts of a venue, and its code, which is the scope of its roles."""

    code: str
    name: str
    gates: list[GatePost]
    outlets: list[str]


class HeldDevice(NamedTuple):
    """A device that is not revoked until the transaction ends, unless `revoked_at` says that it is.

    `earlier_posts` are those before its moves, the last of which was at `moved_at`.
    """

    id: UUID
    paired_at: datetime
    revoked_at: datetime | None
    earlier_posts: list[str]
    moved_at: datetime | None

    def left_posts(self, now: datetime) -> list[str]:
        """Return the posts that it left lately, where it may have signed what it has not uploaded yet."""
        lately = self.moved_at is not None and now < self.moved_at + LEFT_POSTS_KEPT
        return self.earlier_posts if lately else []


class OfficeDevice(Struct, frozen=True):
    """A device as the office lists it. `may_change` tells whether the asker may rename it and move it."""

    id: UUID
    pairing_id: UUID
    name: str
    kind: DeviceKind
    posts: list[str]
    paired_at: datetime
    paired_by: UUID
    last_seen_at: datetime
    revoked_at: datetime | None
    revoked_by: UUID | None
    may_change: bool


class MyDevice(Struct, frozen=True):
    """What a device may know of itself."""

    id: UUID
    name: str
    kind: DeviceKind
    posts: list[str]


class Pairing(Struct, frozen=True):
    """A stored pairing; `misses` counts wrong secrets."""

    id: UUID
    secret_hash: bytes
    misses: int
    name: str
    kind: DeviceKind
    posts: list[str]
    opened_by: UUID
    expires_at: datetime


def new_pairing_code() -> PairingCode:
    """Return a code of nearly a million handles and a million secrets.

    A blind guess hits one of a hundred open pairings once in ten thousand attempts, and each pairing allows five
    attempts at its secret. There is no global limit, because an attacker could use it up and block all pairings.
    """
    handle = "".join(secrets.choice(HANDLE_CHARACTERS) for _ in range(HANDLE_LENGTH))
    return PairingCode(handle, new_code())


def parse_code(written: str) -> PairingCode | None:
    """Parse a typed code with any separators between its parts; None if it is invalid."""
    signs = "".join(sign for sign in written.upper() if sign.isalnum())
    handle, secret = signs[:HANDLE_LENGTH], signs[HANDLE_LENGTH:]
    if (
        len(secret) != CODE_DIGITS
        or not (secret.isascii() and secret.isdigit())
        or set(handle) - set(HANDLE_CHARACTERS)
    ):
        return None
    return PairingCode(handle, secret)


def secret_hash(keys: PeopleKeys, pairing_id: UUID, secret: str) -> bytes:
    """Return the stored hash of a secret: an HMAC, because a million plain hashes can be tried in a second."""
    return hmac.digest(keys.code, f"pairing\n{pairing_id}\n{secret}".encode(), "sha256")


class PairingVerdict(Enum):
    """The outcome of a pairing attempt."""

    NEW = auto()
    SAME = auto()  # repeated after a lost answer
    MISSED = auto()  # counts against the code
    DEAD = auto()


def judge_pairing(pairing: Pairing, came: Device | None, tried_hash: bytes, key: Jwk, now: datetime) -> PairingVerdict:
    """Decide an attempt at a locked pairing. `came` is the device that was already paired by it, if any."""
    right = same(pairing.secret_hash, tried_hash)
    if pairing.expires_at <= now or pairing.misses >= MISSES_MAX:
        return PairingVerdict.DEAD
    if not right:
        return PairingVerdict.MISSED
    if came is None:
        return PairingVerdict.NEW
    return PairingVerdict.SAME if came.public_key == key and came.revoked_at is None else PairingVerdict.DEAD


def normalise_posts(wanted: Iterable[str], posts: Posts) -> list[str] | None:
    """Return the posts sorted, without those whose group is included.

    None if one is unknown, for no posts, and for posts of two venues: a device belongs to the venue of its posts.
    """
    chosen, groups = set(wanted), posts.groups
    if not chosen <= {*groups, *groups.values()} or len({posts.venue_of(post) for post in chosen}) != 1:
        return None
    return sorted(post for post in chosen if groups.get(post) not in chosen - {post})


def codes_of(wanted: Sequence[str], posts: Posts) -> list[str]:
    """Return the codes of posts: a group letter stands for each of its posts; an unknown code for itself."""
    codes = []
    for post in wanted:
        codes += [code for code, group in posts.groups.items() if group == post] or [post]
    return codes


def may_assign(actor: Principal, wanted: Sequence[str], posts: Posts) -> bool:
    """Whether the actor leads all of these posts, so that a device may be put there."""
    return all(_leads(actor, code, posts) for code in codes_of(wanted, posts))


def may_revoke(actor: Principal, wanted: Sequence[str], posts: Posts) -> bool:
    """Whether the actor leads one of these posts: enough to see a device there, and to end it."""
    return any(_leads(actor, code, posts) for code in codes_of(wanted, posts))


def _leads(actor: Principal, code: str, posts: Posts) -> bool:
    scope = posts.kind.scope
    return actor.kind == "staff" and holds(
        actor, posts.kind.lead, scope=scope, scope_id=code, within=posts.around(code)
    )


def post_kind(kind: DeviceKind) -> PostKind:
    """Where devices of a kind stand."""
    return OUTLET if kind is DeviceKind.TILL else GATE


def grants_at(kind: DeviceKind, posts: Iterable[str]) -> tuple[Grant, ...]:
    """What a device holds: one grant a post or group."""
    at = post_kind(kind)
    return tuple(Grant(at.device_role, at.scope, post) for post in posts)
