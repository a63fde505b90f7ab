"""Who runs which outlets, from when to when, and what part of the sales is the house's."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.types import OutletCode, outlet_codes
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme.types import YEAR_MAX, YEAR_MIN

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*(?![\x00-\x1f\x7f])$"
"""No control character, and no line's end behind `$` either."""
Permille = Annotated[int, Meta(ge=0, le=1000)]
Bearer = Literal["house", "concessionaire"]
"""Who bears what nobody paid of the sales that tills told."""


class Reason(StrEnum):
    """Why a word about concessionaires is not taken."""

    CHANGED = "changed_meanwhile"
    IN_USE = "concessionaire_in_use"
    TERMS_OVERLAP = "terms_overlap"
    TERMS_IN_FORCE = "terms_in_force"
    ID_TAKEN = "id_taken"
    NOT_FOUND = "not_found"


class ConcessionaireWish(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a concessionaire. With `revision` only if nobody wrote since (0: only if it is new)."""

    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    address: Annotated[str, Meta(max_length=300, pattern=NO_CONTROLS)] = ""
    vat_number: Annotated[str, Meta(max_length=20, pattern=r"^[A-Z0-9]*(?!\n)$")] = ""
    siret: Annotated[str, Meta(pattern=r"^(?:[0-9]{14})?(?!\n)$")] = ""
    commission_vat_permille: Permille = 200
    revision: Annotated[int, Meta(ge=0, le=2**31)] | None = None


class TermsWish(Struct, frozen=True, forbid_unknown_fields=True):
    """An outlet is run from `starts_on` on, and to `ends_on` (that day too); null: until somebody says otherwise.

    `loss_borne_by`: who bears what nobody paid of what its tills sold without network.
    """

    outlet: OutletCode
    starts_on: date
    ends_on: date | None
    commission_permille: Permille
    loss_borne_by: Bearer = "house"


class Terms(Struct, frozen=True):
    """Which outlet a concessionaire runs on which days, the house's part of the net sales in permille, and who bears
    what nobody paid.
    """

    id: UUID
    outlet: str
    starts_on: date
    ends_on: date | None
    commission_permille: int
    loss_borne_by: Bearer = "house"


class Concessionaire(Struct, frozen=True):
    """Who runs outlets of the ground in their own name. The VAT is that of the house's commission."""

    id: UUID
    name: str
    address: str
    vat_number: str
    siret: str
    commission_vat_permille: int
    revision: int
    terms: Sequence[Terms]


def check_terms(wish: TermsWish) -> Refused | None:
    """Refuse an outlet that there is not, and days that no calendar of ours has or that are the wrong way round."""
    if wish.outlet not in outlet_codes():
        return invalid_input("outlet", "There is no such outlet.")
    last = wish.ends_on or wish.starts_on
    if not (YEAR_MIN <= wish.starts_on.year <= YEAR_MAX and YEAR_MIN <= last.year <= YEAR_MAX):
        return invalid_input("starts_on", f"Days are those of the years {YEAR_MIN} to {YEAR_MAX}.")
    return invalid_input("ends_on", "The last day is not before the first one.") if last < wish.starts_on else None


def in_force(terms: Terms, closed_through: date | None) -> bool:
    """Whether terms began on a day that is closed: somebody may hold a statement of it."""
    return closed_through is not None and terms.starts_on <= closed_through


def may_change(terms: Terms, wish: TermsWish, closed_through: date | None) -> Refused | None:
    """Of terms in force only the end moves, and no closed day leaves them."""
    if closed_through is None or not in_force(terms, closed_through):
        return None
    kept = min(terms.ends_on or date.max, closed_through)
    same = (terms.outlet, terms.starts_on, terms.commission_permille, terms.loss_borne_by) == (
        wish.outlet,
        wish.starts_on,
        wish.commission_permille,
        wish.loss_borne_by,
    )
    if same and (wish.ends_on or date.max) >= kept:
        return None
    return Refused(Reason.TERMS_IN_FORCE, {"closed_through": closed_through.isoformat()})
