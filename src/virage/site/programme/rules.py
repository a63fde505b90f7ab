"""What is on: events with their times and house rules, and what they need before the public sees them."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.platform.values.refusals import Refused

YEAR_MIN, YEAR_MAX = 2000, 2199

Kind = Literal["match", "concert", "tour"]
State = Literal["draft", "published", "cancelled"]
SalePhase = Literal["before", "open", "after", "cancelled"]
Line = Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Instant = Annotated[datetime, Meta(tz=True)]
Revision = Annotated[int, Meta(ge=1, le=2**31)]


class Reason(StrEnum):
    """Why an act on the programme is refused."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "id_taken"
    INVALID = "invalid"
    INCOMPLETE = "event_incomplete"
    CANCELLED = "event_cancelled"
    OVER = "event_over"
    CHANGED = "changed_meanwhile"
    UNKNOWN_ORGANISER = "unknown_organiser"
    UNKNOWN_SERIES = "unknown_series"


class Defect(StrEnum):
    """What an event still needs before it can be published."""

    TITLE_FR = "title_fr_missing"
    TITLE_EN = "title_en_missing"
    SUBTITLE = "subtitle_in_one_language"
    DOORS = "doors_after_start"
    END = "end_before_start"
    SALE = "sale_closes_before_it_opens"
    SALE_END = "sale_closes_after_end"
    OVER = "event_over"
    GROUND = "unknown_ground_version"


class Text(Struct, frozen=True):
    """The same words in French and in English; empty where nobody has written them yet."""

    fr: Line = ""
    en: Line = ""


class HouseRules(Struct, frozen=True):
    """What holds at this event. `bag_litres_max` 0 means no bags; alcohol needs a derogation in a sports ground."""

    reentry: bool = False
    paper_accepted: bool = True
    paper_identity_check: bool = False
    named_tickets: bool = False
    limit_per_buyer: Annotated[int, Meta(ge=1, le=50)] = 9
    bag_litres_max: Annotated[int, Meta(ge=0, le=100)] = 15
    alcohol: bool = False


class EventContent(Struct, frozen=True, kw_only=True):
    """What an organiser says about an event. All times are instants; a sale is open from opening until close."""

    kind: Kind
    title: Text
    subtitle: Text = Text()
    series_id: UUID | None = None
    doors_at: Instant
    starts_at: Instant
    ends_at: Instant
    sale_opens_at: Instant
    sale_closes_at: Instant
    rules: HouseRules = HouseRules()


class NewEvent(EventContent, frozen=True, kw_only=True):
    """A new event. Its id is made by whoever asks: sent again, it is still one event."""

    id: UUID
    organiser_id: UUID


class Event(EventContent, frozen=True, kw_only=True):
    """An event as it is stored. `revision` grows with each amendment; `series_title` is that of `series_id`."""

    id: UUID
    organiser_id: UUID
    series_title: Text | None
    ground_version: str
    state: State
    revision: int

    def sale_phase(self, now: datetime) -> SalePhase:
        """Whether the sale has not opened yet, is open or over, or was ended by a cancellation."""
        if self.state == "cancelled":
            return "cancelled"
        if now < self.sale_opens_at:
            return "before"
        return "open" if now < self.sale_closes_at else "after"


class Organiser(Struct, frozen=True):
    """Who answers for events: a club, a promoter, a federation."""

    id: UUID
    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Series(Struct, frozen=True):
    """A tournament or a season: events of one organiser under one title."""

    id: UUID
    organiser_id: UUID
    title: Text


def digest(command: NewEvent) -> bytes:
    """What makes two commands the same command."""
    return sha256(msgspec.json.encode(command, order="sorted")).digest()


def content_of(event: EventContent) -> EventContent:
    """The part of an event that an amendment replaces."""
    return EventContent(**{name: getattr(event, name) for name in EventContent.__struct_fields__})


def check_usable(content: EventContent) -> Refused | None:
    """Refuse times that no calendar of ours reaches; anything else may stand in a draft."""
    fields = ("doors_at", "starts_at", "ends_at", "sale_opens_at", "sale_closes_at")
    strange = [name for name in fields if not YEAR_MIN <= getattr(content, name).year <= YEAR_MAX]
    return Refused(Reason.INVALID, {"fields": strange}) if strange else None


def defects(content: EventContent, ground_version: str, known_ground: str, now: datetime) -> list[Defect]:
    """Everything that keeps an event from being published, in the order of the form."""
    found = {
        Defect.TITLE_FR: not content.title.fr.strip(),
        Defect.TITLE_EN: not content.title.en.strip(),
        Defect.SUBTITLE: bool(content.subtitle.fr.strip()) != bool(content.subtitle.en.strip()),
        Defect.DOORS: content.doors_at > content.starts_at,
        Defect.END: content.ends_at <= content.starts_at,
        Defect.SALE: content.sale_closes_at <= content.sale_opens_at,
        Defect.SALE_END: content.sale_closes_at > content.ends_at,
        Defect.OVER: content.ends_at <= now,
        Defect.GROUND: ground_version != known_ground,
    }
    return [defect for defect, there in found.items() if there]


def may_amend(
    event: Event, content: EventContent, revision: int | None, known_ground: str, now: datetime
) -> Refused | None:
    """Whether new content may replace the old: nothing cancelled or over, and what the public sees stays complete."""
    if event.state == "cancelled":
        return Refused(Reason.CANCELLED)
    if event.state == "published" and event.ends_at <= now:
        return Refused(Reason.OVER)
    if revision is not None and revision != event.revision:
        return Refused(Reason.CHANGED, {"revision": event.revision})
    if event.state == "published":
        return _incomplete(defects(content, event.ground_version, known_ground, now))
    return None


def may_publish(event: Event, known_ground: str, now: datetime) -> Refused | None:
    """Whether an event is complete and still to come."""
    if event.state == "cancelled":
        return Refused(Reason.CANCELLED)
    return _incomplete(defects(event, event.ground_version, known_ground, now))


def may_cancel(event: Event, now: datetime) -> Refused | None:
    """What has taken place cannot be cancelled; a draft always can."""
    if event.state == "published" and event.ends_at <= now:
        return Refused(Reason.OVER)
    return None


def _incomplete(found: list[Defect]) -> Refused | None:
    data: dict[str, Any] = {"defects": [defect.value for defect in found]}
    return Refused(Reason.INCOMPLETE, data) if found else None
