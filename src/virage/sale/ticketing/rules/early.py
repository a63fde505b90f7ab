"""Early sale of an event to members and holders of packages: windows that open before the public sale."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.values.localised import LocalisedText


class EarlyWindow(Struct, frozen=True):
    """From `opens_at` until the public sale, the people whom it is for may hold up to `tickets_max` tickets each.

    They are members of `tiers` and holders of `packages`, such as a season ticket; both are names. A window of a buyer
    names the buyer's own tier or package alone.
    """

    opens_at: datetime
    tickets_max: int
    tiers: list[LocalisedText]
    packages: list[LocalisedText]


class EarlySale(Struct, frozen=True):
    """The windows of an event, the earliest first, and those of the buyers, by their ids."""

    windows: Sequence[EarlyWindow]
    by_buyer: Mapping[UUID, Sequence[EarlyWindow]]

    def windows_of(self, fan_id: UUID | None) -> Sequence[EarlyWindow]:
        """Return the windows of a buyer, the earliest first; a guest has none."""
        return () if fan_id is None else self.by_buyer.get(fan_id, ())

    def tickets_max(self, fan_id: UUID | None, now: datetime) -> int | None:
        """Return how many tickets of the event a buyer may have now; None if no window of theirs is open."""
        return max((own.tickets_max for own in self.windows_of(fan_id) if own.opens_at <= now), default=None)
