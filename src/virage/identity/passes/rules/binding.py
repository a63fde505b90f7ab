"""Binding, rebinding and printing of a pass, as decisions on one row."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.keys.types import HolderKey, cose_key, holder_key_from_cose, holder_key_from_jwk
from virage.identity.passes.rules.cbor import decode, encode
from virage.identity.passes.rules.claims import GENERATION_MAX, Claims, event_short
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused

BINDING_OPENS_BEFORE: Final = timedelta(hours=72)
"""A key is bound at most this long before the validity, so that few phones lose it in between."""
REBINDS_MAX: Final = 5

Form = Literal["unbound", "phone", "paper"]


class PassRefusal(StrEnum):
    """Reason for not binding or printing a pass."""

    NOT_FOUND = "not_found"
    INVALID_KEY = "unprocessable"
    REVOKED = "pass_revoked"
    EXPIRED = "pass_expired"
    NOT_OPEN_YET = "pass_not_open_yet"
    ENTERED = "pass_already_entered"
    BOUND_TO_ANOTHER_PHONE = "pass_bound_to_another_phone"
    PRINTED = "pass_printed"
    NOT_BOUND = "pass_not_bound"
    REBINDS_USED_UP = "pass_rebinds_used_up"
    PAPER_NOT_ACCEPTED = "paper_not_accepted"


class Issue(Struct, frozen=True):
    """A pass to issue. `subject` is the caller's id of its purpose; a subject has at most one pass."""

    subject: UUID
    event_id: UUID
    place: int
    gate_group: str
    not_before: datetime
    expires_at: datetime


class Pass(Struct, frozen=True):
    """A stored pass. `subject` is what it was issued for; `holder` is the phone's COSE_Key.

    `suspended`: it is revoked until it is reinstated.
    """

    subject: UUID
    event_id: UUID
    number: int
    place: int
    gate_group: str
    not_before: datetime
    expires_at: datetime
    generation: int = 0
    rebinds: int = 0
    printed: bool = False
    holder: bytes | None = None
    revoked_at: datetime | None = None
    entered_at: datetime | None = None
    suspended: bool = False

    @property
    def form(self) -> Form:
        """The form in which the pass is shown."""
        if self.printed:
            return "paper"
        return "unbound" if self.holder is None else "phone"

    @property
    def opens_at(self) -> datetime:
        """When a phone may bind its key."""
        return self.not_before - BINDING_OPENS_BEFORE

    @property
    def rebinds_left(self) -> int:
        """How often the pass can still move to another phone."""
        return max(0, min(REBINDS_MAX - self.rebinds, GENERATION_MAX - self.generation))


def bind(held: Pass | None, jwk: Jwk, now: datetime) -> Pass | Refused:
    """Bind an unbound pass to a phone's key. A repeated key gets the same answer; another key must rebind."""
    found = _open(held, now)
    key = holder_key_from_jwk(jwk)
    if isinstance(found, Refused) or key is None:
        return found if isinstance(found, Refused) else Refused(PassRefusal.INVALID_KEY, {"field": "key"})
    if found.form == "paper":
        return Refused(PassRefusal.PRINTED)
    if found.form == "phone":
        return found if found.holder == stored_key(key) else Refused(PassRefusal.BOUND_TO_ANOTHER_PHONE)
    return replace(found, holder=stored_key(key))


def rebind(held: Pass | None, jwk: Jwk, now: datetime) -> Pass | Refused:
    """Move a pass to another phone, from a phone or from paper: the next generation, counted, never after the entry.

    The phone that already holds it gets the same answer, uncounted.
    """
    found = _open(held, now)
    key = holder_key_from_jwk(jwk)
    if isinstance(found, Refused) or key is None:
        return found if isinstance(found, Refused) else Refused(PassRefusal.INVALID_KEY, {"field": "key"})
    if found.holder == stored_key(key):
        return found
    if found.form == "unbound":
        return Refused(PassRefusal.NOT_BOUND)
    if found.entered_at is not None:
        return Refused(PassRefusal.ENTERED)
    if found.rebinds_left == 0:
        return Refused(PassRefusal.REBINDS_USED_UP, {"rebinds_max": REBINDS_MAX})
    return replace(
        found,
        holder=stored_key(key),
        printed=False,
        generation=found.generation + 1,
        rebinds=found.rebinds + 1,
    )


def print_on_paper(held: Pass | None, now: datetime, *, allowed: bool) -> Pass | Refused:
    """Put a pass on paper where allowed: the next generation, so that the phone's pass becomes invalid.

    Printing again gives the same paper.
    """
    found = _live(held, now)
    if isinstance(found, Refused):
        return found
    if not allowed:
        return Refused(PassRefusal.PAPER_NOT_ACCEPTED)
    if found.form == "paper":
        return found
    if found.entered_at is not None:
        return Refused(PassRefusal.ENTERED)
    if found.generation >= GENERATION_MAX:
        return Refused(PassRefusal.REBINDS_USED_UP, {"rebinds_max": REBINDS_MAX})
    return replace(found, holder=None, printed=True, generation=found.generation + 1)


def hand_over(held: Pass | None, now: datetime) -> Pass | Refused:
    """Give a pass to another person: earlier phones and papers become invalid; refused after the entry.

    The new holder may move it to other phones as often as the former one might.
    """
    found = _live(held, now)
    if isinstance(found, Refused):
        return found
    if found.entered_at is not None:
        return Refused(PassRefusal.ENTERED)
    if found.form == "unbound":
        return replace(found, rebinds=0)
    if found.generation >= GENERATION_MAX:
        return Refused(PassRefusal.REBINDS_USED_UP, {"rebinds_max": REBINDS_MAX})
    return replace(found, holder=None, printed=False, generation=found.generation + 1, rebinds=0)


def relocate(held: Pass, place: int, gate_group: str, *, reissue: bool) -> Pass | Refused:
    """Return a pass at another place; `reissue`: its holder sits elsewhere.

    A signed pass that is reissued, or whose gate group changes, gets the next generation: earlier phones and papers
    would lead to another seat or gate; refused after the entry. If only the number of the same seat changes, the signed
    pass stays valid.
    """
    signed = held.form != "unbound" and held.revoked_at is None
    if not signed or not (reissue or gate_group != held.gate_group):
        return replace(held, place=place, gate_group=gate_group)
    if held.entered_at is not None:
        return Refused(PassRefusal.ENTERED)
    if held.generation >= GENERATION_MAX:
        return Refused(PassRefusal.REBINDS_USED_UP, {"rebinds_max": REBINDS_MAX})
    return replace(held, place=place, gate_group=gate_group, generation=held.generation + 1)


def _live(held: Pass | None, now: datetime) -> Pass | Refused:
    if held is None:
        return Refused(PassRefusal.NOT_FOUND)
    if held.revoked_at is not None:
        return Refused(PassRefusal.REVOKED)
    if now >= held.expires_at:
        return Refused(PassRefusal.EXPIRED)
    return held


def _open(held: Pass | None, now: datetime) -> Pass | Refused:
    found = _live(held, now)
    if isinstance(found, Pass) and now < found.opens_at:
        return Refused(PassRefusal.NOT_OPEN_YET, {"opens_at": found.opens_at})
    return found


def claims(held: Pass) -> Claims:
    """Return the claims of a bound or printed pass."""
    if held.form == "unbound":
        raise ValueError("An unbound pass has nothing to sign: it would be a paper.")
    return Claims(
        event=event_short(held.event_id),
        number=held.number,
        generation=held.generation,
        place=held.place,
        gate_group=held.gate_group,
        not_before=held.not_before,
        expires_at=held.expires_at,
        holder=None if held.holder is None else _holder(held.holder),
    )


def stored_key(key: HolderKey) -> bytes:
    """Return the key in its stored form: its COSE_Key."""
    return encode(cose_key(key))


def _holder(stored: bytes) -> HolderKey:
    key = holder_key_from_cose(decode(stored))
    if key is None:
        raise ValueError("The stored holder key is no COSE_Key.")
    return key
