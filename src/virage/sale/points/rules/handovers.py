"""Redeemed rewards that a till hands over."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class HandoverRefusal(StrEnum):
    """Why a till hands nothing over, part of the API."""

    CODE_UNKNOWN = "reward_code_unknown"
    STATE = "redemption_state"
    NOT_YOUR_OUTLET = "not_your_outlet"
    CASHIER_NOT_HERE = "cashier_not_here"


class RewardCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The code of a redeemed reward as it is typed or scanned. It is in a body, because addresses end up in logs."""

    code: Annotated[str, Meta(max_length=40)]

    @property
    def normal(self) -> str:
        """The code in capital letters, without spaces and hyphens."""
        return "".join(letter for letter in self.code.upper() if letter.isalnum())


class Handover(RewardCode, frozen=True, forbid_unknown_fields=True):
    """Hand a reward over at a till. The till makes `id`: a repeated request is one use of the code."""

    id: UUID
    outlet: Annotated[str, Meta(min_length=1, max_length=40)]
    cashier_id: UUID
