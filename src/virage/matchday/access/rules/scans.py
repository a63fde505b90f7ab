"""Scans as devices sign them, and the server's answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.identity.keys.types import HolderKey, signed_body
from virage.identity.passes.types import Unverified, VerificationFailure, Verified
from virage.matchday.access.rules.crossings import Step
from virage.platform.values.texts import Invisible, check_body
from virage.site.programme.types import YEAR_MAX, YEAR_MIN, Instant
from virage.site.venue.types import PlaceLabel

SCAN_PURPOSE: Final = b"virage:scan:v1\0"
SCANS_MAX: Final = 500
SCAN_CHARS_MAX: Final = 3000
CODE_MAX: Final = 40
"""A gate's code with the prefix of its venue: 16 characters each."""
UNISSUED = frozenset(
    {
        VerificationFailure.MALFORMED,
        VerificationFailure.UNKNOWN_KEY,
        VerificationFailure.BAD_SIGNATURE,
        VerificationFailure.WRONG_EVENT,
    }
)
"""Failures of codes that the issuer did not sign for the event. These are the only checks of an exit."""
FORGERIES = UNISSUED | {VerificationFailure.HOLDER_SIGNATURE_MISSING, VerificationFailure.BAD_HOLDER_SIGNATURE}
"""Failures that no wrong clock explains: such a code proves no pass of the event."""

Kind = Literal["ask", "admitted", "passed", "refused", "withdrawn", "left", "pulse", "matched", "mismatched"]
Outcome = Literal["admitted", "again", "refused", "noted"]
Code = Annotated[str, Meta(max_length=CODE_MAX)]
STEP_OF: dict[str, Step] = {
    "admitted": "admitted",
    "passed": "passed",
    "withdrawn": "withdrawn",
    "left": "left",
    "mismatched": "mismatched",
}


class Override(StrEnum):
    """Reason of an override. A device's own text is never stored: it may contain a name."""

    NO_PHONE = "no_phone"
    BROKEN_PHONE = "broken_phone"
    CHECKED_BY_SUPERVISOR = "checked_by_supervisor"
    SYSTEM_ERROR = "system_error"
    OTHER = "other"

    @classmethod
    def _missing_(cls, _value: object) -> "Override":
        """Map any other text to `other`: the entry counts, the text is dropped."""
        return cls.OTHER


class SignedScan(Struct, frozen=True, forbid_unknown_fields=True):
    """A scan as its device sends it: the bytes of its JSON and the device's signature, both base64url."""

    body: Annotated[str, Meta(max_length=SCAN_CHARS_MAX)]
    signature: Annotated[str, Meta(max_length=100)]


class ScanUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """Scans in the order of the device."""

    scans: Annotated[list[SignedScan], Meta(min_length=1, max_length=SCANS_MAX)]


class Scan(Struct, frozen=True, kw_only=True):
    """A scan. `number` is the device's own count, `at` its clock; docs/gate.md describes the kinds.

    `time_trusted` is false if the device had not received the server's time since its start.
    """

    number: Annotated[int, Meta(ge=1, le=2**53)]
    event_id: UUID
    gate: Code
    at: Instant
    kind: Kind
    code: Annotated[str, Meta(max_length=500)] | None = None
    pass_number: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None
    generation: Annotated[int, Meta(ge=0, le=23)] | None = None
    reason: Annotated[str, Meta(max_length=40)] | None = None
    override: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    person_id: UUID | None = None
    lane: Annotated[str, Meta(max_length=60)] | None = None
    count: Annotated[int, Meta(ge=0, le=10_000)] = 1
    offline: bool = False
    training: bool = False
    time_trusted: bool = True


class ScanAnswer(Struct, frozen=True, omit_defaults=True):
    """Answer to a scan; a repeated scan gets the same answer.

    `identity_check`: the document is compared with `holder_name`, the name on the ticket, which is never stored with
    the answer. `unnamed`: the ticket carries no name although names are due.
    """

    number: int
    outcome: Outcome
    reason: str | None = None
    data: dict[str, Any] = {}
    pass_number: int | None = None
    place_label: PlaceLabel | None = None
    identity_check: bool = False
    clock_off_s: int = 0
    pending_until: datetime | None = None
    unnamed: bool = False
    holder_name: str | None = None


class VerifiedScan(Struct, frozen=True):
    """A scan with a valid device signature, and the verification of its code; no verdict without a code.

    `at_left_gate`: the device does not work at the gate now. The scan counts if the device left the gate lately.
    """

    device_id: UUID
    scan: Scan
    verdict: Verified | Unverified | None
    at_left_gate: bool = False

    @property
    def pass_number(self) -> int | None:
        """The pass of the scan: proved by the code, else as stated by the device."""
        if self.verdict is not None:
            if self.verdict.claims is not None and not self.is_forged:
                return self.verdict.claims.number
            return self.scan.pass_number if self.scan.override is not None else None
        return self.scan.pass_number

    @property
    def is_forged(self) -> bool:
        """Whether the code is not of a pass of this event, whatever the device decided."""
        doubts = UNISSUED if self.scan.kind == "left" else FORGERIES
        return isinstance(self.verdict, Unverified) and self.verdict.reason in doubts


_decoder = msgspec.json.Decoder(Scan)


def body_of(signed: SignedScan, key: HolderKey | None) -> bytes | None:
    """Return the bytes that the device signed, None if the signature is invalid."""
    return signed_body(signed.body, signed.signature, key, SCAN_PURPOSE)


def scan_of(body: bytes) -> Scan | None:
    """Return the scan in a body, None if it is malformed or contains invisible characters."""
    try:
        scan = _decoder.decode(body)
        check_body(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Invisible):
        return None
    if not YEAR_MIN <= scan.at.year <= YEAR_MAX:
        return None
    return scan if scan.override is None else replace(scan, override=Override(scan.override))
