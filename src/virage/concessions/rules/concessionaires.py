"""Who runs which outlets, from when to when, and what part of the sales is the house's."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.concessions.rules.catalogue import OutletCode
from virage.programme.rules import Revision

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Permille = Annotated[int, Meta(ge=0, le=1000)]


class Reason(StrEnum):
    """Why a word about concessionaires is not taken."""

    CHANGED = "changed_meanwhile"
    IN_USE = "concessionaire_in_use"
    TERMS_OVERLAP = "terms_overlap"
    TERMS_IN_FORCE = "terms_in_force"
    ID_TAKEN = "id_taken"
    NOT_FOUND = "not_found"


class ConcessionaireWish(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a concessionaire. `revision` is that of what its writer saw; null for a new one."""

    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    address: Annotated[str, Meta(max_length=300, pattern=NO_CONTROLS)] = ""
    vat_number: Annotated[str, Meta(max_length=20, pattern=r"^[A-Z0-9]*$")] = ""
    commission_vat_permille: Permille = 200
    revision: Revision | None = None


class TermsWish(Struct, frozen=True, forbid_unknown_fields=True):
    """An outlet is run from `starts_on` on, and to `ends_on` (that day too); null: until somebody says otherwise."""

    outlet: OutletCode
    starts_on: date
    ends_on: date | None
    commission_permille: Permille


class Terms(Struct, frozen=True):
    """Which outlet a concessionaire runs on which days, and the house's part of the net sales in permille."""

    id: UUID
    outlet: str
    starts_on: date
    ends_on: date | None
    commission_permille: int


class Concessionaire(Struct, frozen=True):
    """Who runs outlets of the ground in their own name. The VAT is that of the house's commission."""

    id: UUID
    name: str
    address: str
    vat_number: str
    commission_vat_permille: int
    revision: int
    terms: Sequence[Terms]
