"""Concessionaires: companies that run outlets in their own name, and their terms."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.types import OutletCode, has_outlet
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme.types import YEAR_MAX, YEAR_MIN
from virage.site.venue.types import Venue

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*(?![\x00-\x1f\x7f])$"
"""No control characters, including a line end before `$`."""
Permille = Annotated[int, Meta(ge=0, le=1000)]
Bearer = Literal["house", "concessionaire"]
"""Who bears losses of offline sales; `house` is the operator."""


class ConcessionaireRefusal(StrEnum):
    """Why a change of concessionaires is refused."""

    CHANGED = "changed_meanwhile"
    IN_USE = "concessionaire_in_use"
    TERMS_OVERLAP = "terms_overlap"
    TERMS_IN_FORCE = "terms_in_force"
    ID_TAKEN = "id_taken"
    NOT_FOUND = "not_found"


class ConcessionaireUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Update of a concessionaire. With `revision`, only if it is unchanged since (0: only if new)."""

    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    address: Annotated[str, Meta(max_length=300, pattern=NO_CONTROLS)] = ""
    vat_number: Annotated[str, Meta(max_length=20, pattern=r"^[A-Z0-9]*(?!\n)$")] = ""
    siret: Annotated[str, Meta(pattern=r"^(?:[0-9]{14})?(?!\n)$")] = ""
    commission_vat_permille: Permille = 200
    revision: Annotated[int, Meta(ge=0, le=2**31)] | None = None


class TermsUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of an outlet from `starts_on` to `ends_on`, inclusive; null: open-ended.

    `loss_borne_by`: who bears losses of offline sales.
    """

    outlet: OutletCode
    starts_on: date
    ends_on: date | None
    commission_permille: Permille
    loss_borne_by: Bearer = "house"


class Terms(Struct, frozen=True):
    """Outlet, days, the operator's commission on net sales in permille, and the bearer of losses."""

    id: UUID
    outlet: str
    starts_on: date
    ends_on: date | None
    commission_permille: int
    loss_borne_by: Bearer = "house"


class Concessionaire(Struct, frozen=True):
    """Company that runs outlets in its own name. `commission_vat_permille` applies to the operator's commission."""

    id: UUID
    name: str
    address: str
    vat_number: str
    siret: str
    commission_vat_permille: int
    revision: int
    terms: Sequence[Terms]


def check_terms(update: TermsUpdate, venues: Sequence[Venue]) -> Refused | None:
    """Return `invalid_input` for an unknown outlet, or days out of range or order."""
    if not has_outlet(venues, update.outlet):
        return invalid_input("outlet", "There is no such outlet.")
    last = update.ends_on or update.starts_on
    if not (YEAR_MIN <= update.starts_on.year <= YEAR_MAX and YEAR_MIN <= last.year <= YEAR_MAX):
        return invalid_input("starts_on", f"Days are those of the years {YEAR_MIN} to {YEAR_MAX}.")
    return invalid_input("ends_on", "The last day is not before the first one.") if last < update.starts_on else None


def in_force(terms: Terms, closed_through: date | None) -> bool:
    """Return whether the first day is closed: a statement of it may exist."""
    return closed_through is not None and terms.starts_on <= closed_through


def may_change(terms: Terms, update: TermsUpdate, closed_through: date | None) -> Refused | None:
    """Return why terms cannot change: once in force only the last day may, and not to before the last closed day."""
    if closed_through is None or not in_force(terms, closed_through):
        return None
    kept = min(terms.ends_on or date.max, closed_through)
    same = (terms.outlet, terms.starts_on, terms.commission_permille, terms.loss_borne_by) == (
        update.outlet,
        update.starts_on,
        update.commission_permille,
        update.loss_borne_by,
    )
    if same and (update.ends_on or date.max) >= kept:
        return None
    return Refused(ConcessionaireRefusal.TERMS_IN_FORCE, {"closed_through": closed_through.isoformat()})
