"""What a till says when it loads a purse or pays out of one: it signs it, for a token can be stolen and a key cannot.

The bytes are canonical JSON (RFC 8785): one text a load. How the card was shown and its PIN go beside them, for both
are secrets that nobody keeps; the purse that the till was shown stands in them. See docs/wallet.md.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.identity.keys.types import HolderKey, signed_body
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.cards.types import Stamp
from virage.money.wallet.funding.rules.desk import LOAD_CENTS_MAX, Reason
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.values.refusals import Refused
from virage.platform.values.texts import check_body

LOAD_PURPOSE: Final = b"virage:load:v1\0"
LOAD_LIVES: Final = timedelta(minutes=10)
"""How long after a till wrote it a load is taken, and how far a till's clock may be ahead."""
LOAD_BYTES_MAX: Final = 1_000
LOAD_CHARS_MAX: Final = (LOAD_BYTES_MAX * 4 + 2) // 3


class LoadSaid(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Money that a desk took (`cents` above zero) or pays out (below). The till makes `id`: sent twice, it is one.

    `purse` is as much of the purse's id as the till was shown, `slip` the number of the terminal's slip.
    """

    at: Stamp
    cashier: UUID
    cents: Annotated[int, Meta(ge=-LOAD_CENTS_MAX, le=LOAD_CENTS_MAX)]
    id: UUID
    outlet: Annotated[str, Meta(min_length=1, max_length=20)]
    purse: Annotated[str, Meta(pattern=r"^…[0-9a-f]{4}$")]
    slip: Annotated[str, Meta(min_length=1, max_length=100)] | None
    tender: DeskTender
    till: UUID

    @property
    def moment(self) -> datetime:
        """When it was written, by the till's clock."""
        return datetime.fromisoformat(self.at)


class SignedLoad(Struct, frozen=True):
    """A load with the bytes that its till signed, and the 64 bytes of the signature."""

    said: LoadSaid
    body: bytes
    signature: bytes


_decoder = msgspec.json.Decoder(LoadSaid)


def load_bytes(said: LoadSaid) -> bytes:
    """What is signed, after the purpose: canonical JSON."""
    return msgspec.json.encode(said, order="sorted")


def read_load(body: bytes) -> LoadSaid | None:
    """What a body says; None where it is no load, moves nothing, or is not the one text for it."""
    if len(body) > LOAD_BYTES_MAX:
        return None
    try:
        said = _decoder.decode(body)
        check_body(body)
        said.moment  # noqa: B018 - a text that looks like a moment may be none
    except (msgspec.DecodeError, ValueError, RecursionError):  # UnicodeDecodeError and Invisible are ValueErrors
        return None
    return said if said.cents and load_bytes(said) == body else None


def read_signed(body: str, signature: str, till: UUID, key: HolderKey | None) -> SignedLoad | Refused:
    """What this till signed for a load and for nothing else, out of base64url.

    Refusals: `load_forged`, `load_invalid`, `not_this_till`.
    """
    signed = signed_body(body, signature, key, LOAD_PURPOSE)
    if signed is None:
        return Refused(Reason.LOAD_FORGED)
    said = read_load(signed)
    if said is None:
        return Refused(Reason.LOAD_INVALID)
    if said.till != till:
        return Refused(Reason.NOT_THIS_TILL)
    return SignedLoad(said, signed, bytes_of_base64url(signature) or b"")


def is_old(said: LoadSaid, now: datetime) -> bool:
    """Whether a load that was not booked comes too late: somebody may have kept it back, and the money is back too."""
    return abs(now - said.moment) > LOAD_LIVES
