"""Desk records: top-ups and payouts as tills sign them. A till's token can be stolen, its key cannot.

The bytes are canonical JSON (RFC 8785). The tap or code of the card and its PIN are secrets that are not stored, so
they are sent beside the record. See docs/wallet.md.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.identity.keys.types import HolderKey, signed_body
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.cards.types import Stamp
from virage.money.wallet.funding.rules.desk import DESK_CENTS_MAX, Reason
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.values.refusals import Refused
from virage.platform.values.texts import check_body

DESK_RECORD_PURPOSE: Final = b"virage:load:v1\0"
DESK_RECORD_LIFETIME: Final = timedelta(minutes=10)
"""Maximum age of a record, and maximum lead of a till's clock."""
DESK_RECORD_BYTES_MAX: Final = 1_000
DESK_RECORD_CHARS_MAX: Final = (DESK_RECORD_BYTES_MAX * 4 + 2) // 3


class DeskRecord(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A top-up (positive `cents`) or payout (negative). The till creates `id`.

    `purse` is the short id of the wallet, `slip` the number of the terminal's slip. Names and bytes are signed.
    """

    at: Stamp
    cashier: UUID
    cents: Annotated[int, Meta(ge=-DESK_CENTS_MAX, le=DESK_CENTS_MAX)]
    id: UUID
    outlet: Annotated[str, Meta(min_length=1, max_length=40)]
    purse: Annotated[str, Meta(pattern=r"^…[0-9a-f]{4}$")]
    slip: Annotated[str, Meta(min_length=1, max_length=100)] | None
    tender: DeskTender
    till: UUID

    @property
    def moment(self) -> datetime:
        """Time of the till's clock."""
        return datetime.fromisoformat(self.at)


class SignedDeskRecord(Struct, frozen=True):
    """A desk record with its signed bytes and the 64 bytes of the signature."""

    said: DeskRecord
    body: bytes
    signature: bytes


_decoder = msgspec.json.Decoder(DeskRecord)


def desk_record_bytes(said: DeskRecord) -> bytes:
    """Return the canonical JSON, which is signed after the purpose."""
    return msgspec.json.encode(said, order="sorted")


def read_desk_record(body: bytes) -> DeskRecord | None:
    """Return the record of a body; None if it is malformed, moves nothing, or is not canonical."""
    if len(body) > DESK_RECORD_BYTES_MAX:
        return None
    try:
        said = _decoder.decode(body)
        check_body(body)
        said.moment  # noqa: B018 - a text that looks like a moment may be none
    except (msgspec.DecodeError, ValueError, RecursionError):  # UnicodeDecodeError and Invisible are ValueErrors
        return None
    return said if said.cents and desk_record_bytes(said) == body else None


def read_signed(body: str, signature: str, till: UUID, key: HolderKey | None) -> SignedDeskRecord | Refused:
    """Return the record that this till signed, from base64url.

    Refusals: `load_forged`, `load_invalid`, `not_this_till`.
    """
    signed = signed_body(body, signature, key, DESK_RECORD_PURPOSE)
    if signed is None:
        return Refused(Reason.LOAD_FORGED)
    said = read_desk_record(signed)
    if said is None:
        return Refused(Reason.LOAD_INVALID)
    if said.till != till:
        return Refused(Reason.NOT_THIS_TILL)
    return SignedDeskRecord(said, signed, bytes_of_base64url(signature) or b"")


def is_old(said: DeskRecord, now: datetime) -> bool:
    """Return whether a record is too old to be booked."""
    return abs(now - said.moment) > DESK_RECORD_LIFETIME
