"""Devices at the gates: the code that pairs one, who may pair it, and at which gates it works."""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.kernel.guard import Grant, Principal, holds
from virage.kernel.keys import Jwk
from virage.people.rules.secrets import CODE_DIGITS, Secrets, new_code, same

PAIRING_LIFETIME: Final = timedelta(minutes=10)
MISSES_MAX: Final = 5
ASKS_PER_HANDLE: Final = 20
"""Within an hour, whether a code begins with the handle or not, and whatever follows it."""
HANDLE_LENGTH: Final = 4
HANDLE_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is read as another one
GATE_ROLE: Final = "gate"
"""What a device holds at its gates; no person and no program can be given it."""

Groups = Mapping[str, str]
"""The group of each gate of the ground, by the gate's code."""


class DeviceKind(StrEnum):
    """What stands at the gate."""

    PHONE = "phone"
    LANE = "lane"


class PairingCode(NamedTuple):
    """The two parts of a code: `handle` finds the pairing, `secret` proves that the code was seen."""

    handle: str
    secret: str

    def shown(self) -> str:
        """The code as people read it, `K7Q2-483 917`."""
        middle = CODE_DIGITS // 2
        return f"{self.handle}-{self.secret[:middle]} {self.secret[middle:]}"


class PairingWish(Struct, frozen=True):
    """A device that is to come: `id` names the pairing, `gates` are codes of gates or letters of groups."""

    id: UUID
    name: str
    kind: DeviceKind
    gates: list[str]


class PairingOpened(Struct, frozen=True):
    """The code to show to the device, which is kept nowhere else."""

    id: UUID
    code: str
    expires_at: datetime


class DeviceArrival(Struct, frozen=True):
    """A device that comes with a code, and the public key that it made for itself."""

    code: str
    key: Jwk


class DevicePaired(Struct, frozen=True):
    """What a device keeps: the token is told this once, and is what it shows with each request."""

    device_id: UUID
    token: str
    name: str
    kind: DeviceKind
    gates: list[str]


class DeviceChange(Struct, frozen=True):
    """A device's name and gates from now on."""

    name: str
    gates: list[str]


class Device(Struct, frozen=True):
    """A device as the domain that takes its scans knows it."""

    id: UUID
    name: str
    kind: DeviceKind
    gates: list[str]
    public_key: Jwk
    revoked_at: datetime | None


class OfficeDevice(Struct, frozen=True):
    """A device as the office lists it. `may_change` tells whether the asker may rename it and move it."""

    id: UUID
    pairing_id: UUID
    name: str
    kind: DeviceKind
    gates: list[str]
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
    gates: list[str]


class Pairing(Struct, frozen=True):
    """A pairing as it is stored; `misses` counts the wrong secrets that were tried."""

    id: UUID
    secret_hash: bytes
    misses: int
    name: str
    kind: DeviceKind
    gates: list[str]
    opened_by: UUID
    expires_at: datetime


def new_pairing_code() -> PairingCode:
    """A code of nearly a million handles and a million secrets.

    Who guesses blindly hits one of a hundred open pairings once in ten thousand tries, has five tries at it, and needs
    a million. There is no limit for the house as a whole: strangers would use it up, and nobody could pair.
    """
    handle = "".join(secrets.choice(HANDLE_SIGNS) for _ in range(HANDLE_LENGTH))
    return PairingCode(handle, new_code())


def read_code(written: str) -> PairingCode | None:
    """The code that somebody typed with whatever between its parts; None for what can be none."""
    signs = "".join(sign for sign in written.upper() if sign.isalnum())
    handle, secret = signs[:HANDLE_LENGTH], signs[HANDLE_LENGTH:]
    if len(secret) != CODE_DIGITS or not (secret.isascii() and secret.isdigit()) or set(handle) - set(HANDLE_SIGNS):
        return None
    return PairingCode(handle, secret)


def secret_hash(keys: Secrets, pairing_id: UUID, secret: str) -> bytes:
    """What is stored of a code's second part: an HMAC, for a million plain hashes are tried in a second."""
    return hmac.digest(keys.code, f"pairing\n{pairing_id}\n{secret}".encode(), "sha256")


class Arrival(Enum):
    """What becomes of a device that comes with a code."""

    NEW = auto()
    SAME = auto()  # it came before, and the answer was lost
    MISSED = auto()  # counts against the code
    DEAD = auto()


def judge_arrival(pairing: Pairing, came: Device | None, tried_hash: bytes, key: Jwk, now: datetime) -> Arrival:
    """Judge a try at a pairing that nobody else tries meanwhile. `came` is the device that it brought, if any."""
    right = same(pairing.secret_hash, tried_hash)
    if pairing.expires_at <= now or pairing.misses >= MISSES_MAX:
        return Arrival.DEAD
    if not right:
        return Arrival.MISSED
    if came is None:
        return Arrival.NEW
    return Arrival.SAME if came.public_key == key and came.revoked_at is None else Arrival.DEAD


def tidy_gates(wanted: Iterable[str], groups: Groups) -> list[str] | None:
    """The gates in order, each once, none whose whole group is there too; None if the ground lacks one, or for none."""
    chosen = set(wanted)
    if not chosen or not chosen <= {*groups, *groups.values()}:
        return None
    return sorted(gate for gate in chosen if groups.get(gate) not in chosen - {gate})


def codes_of(gates: Sequence[str], groups: Groups) -> list[str]:
    """The codes of all gates meant: a group's letter means each of its gates; one that the ground lost means itself."""
    codes = []
    for gate in gates:
        codes += [code for code, group in groups.items() if group == gate] or [gate]
    return codes


def may_assign(actor: Principal, gates: Sequence[str], groups: Groups) -> bool:
    """Whether the actor is supervisor of all these gates, so that a device may be put there."""
    return all(_supervises(actor, code, groups) for code in codes_of(gates, groups))


def may_revoke(actor: Principal, gates: Sequence[str], groups: Groups) -> bool:
    """Whether the actor is supervisor of one of these gates: enough to see a device there, and to end it."""
    return any(_supervises(actor, code, groups) for code in codes_of(gates, groups))


def _supervises(actor: Principal, code: str, groups: Groups) -> bool:
    within = (("gate", groups.get(code, code)),)
    return actor.kind == "staff" and holds(actor, "supervisor", scope="gate", scope_id=code, within=within)


def grants_at(gates: Iterable[str]) -> tuple[Grant, ...]:
    """What a device holds: one grant a gate or group."""
    return tuple(Grant(GATE_ROLE, "gate", gate) for gate in gates)
