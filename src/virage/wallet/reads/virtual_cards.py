"""Phones that pay, as their owners see them, and what has become of what they signed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class MyPhone(Struct, frozen=True):
    """A phone that pays from my purse."""

    id: UUID
    label: str | None
    registered_at: datetime


class ProofState(StrEnum):
    """What has become of a proof: the till has not booked it yet, or it has."""

    WAITING = "waiting"
    PAID = "paid"


class ProofSent(Struct, frozen=True):
    """A proof on its way to its till."""

    record_id: UUID
    state: ProofState
