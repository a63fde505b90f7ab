"""Rules of the programme: events, their times and rules, and their defects before publication."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from virage.platform.values.localised import LocalisedText, hashed, is_partial, missing_in
from virage.platform.values.refusals import Refused

YEAR_MIN, YEAR_MAX = 2000, 2199

Kind = Literal["match", "concert", "tour"]
State = Literal["draft", "published", "cancelled"]
SalePhase = Literal["before", "open", "after", "cancelled"]
Instant = Annotated[datetime, Meta(tz=True)]
Revision = Annotated[int, Meta(ge=1, le=2**31)]


class Reason(StrEnum):
    """Refusal codes of the programme."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "id_taken"
    INVALID = "invalid"
    INCOMPLETE = "event_incomplete"
    CANCELLED = "event_cancelled"
    OVER = "event_over"
    CHANGED = "changed_meanwhile"
    UNKNOWN_ORGANISER = "unknown_organiser"
    UNKNOWN_SERIES = "unknown_series"
    UNKNOWN_VENUE = "unknown_venue"


class EventDefect(StrEnum):
    """A defect that prevents the publication of an event.

    A title that is missing in a language of the deployment is `title_<tag>_missing`.
    """

    TITLE = "title_missing"
    SUBTITLE = "subtitle_in_one_language"
    DOORS = "doors_after_start"
    END = "end_before_start"
    SALE = "sale_closes_before_it_opens"
    SALE_END = "sale_closes_after_end"
    OVER = "event_over"


Text = LocalisedText


class EventRules(Struct, frozen=True):
    """Rules of an event. `bag_litres_max` 0 means no bags; alcohol needs an exemption in a sports venue.

    Of named tickets: `names_by` is how many hours before the start names are due, None if they are optional;
    `name_changes_max` is how often the name of a ticket may change, None for any number.
    """

    reentry: bool = False
    paper_accepted: bool = True
    paper_identity_check: bool = False
    named_tickets: bool = False
    limit_per_buyer: Annotated[int, Meta(ge=1, le=50)] = 9
    bag_litres_max: Annotated[int, Meta(ge=0, le=100)] = 15
    alcohol: bool = False
    names_by: Annotated[int, Meta(ge=0, le=720)] | None = None
    name_changes_max: Annotated[int, Meta(ge=0, le=20)] | None = None


class EventContent(Struct, frozen=True, kw_only=True):
    """The editable content of an event. Times are instants; the sale excludes its closing instant."""

    kind: Kind
    title: Text
    subtitle: Text = {}
    series_id: UUID | None = None
    doors_at: Instant
    starts_at: Instant
    ends_at: Instant
    sale_opens_at: Instant
    sale_closes_at: Instant
    rules: EventRules = EventRules()


class NewEvent(EventContent, frozen=True, kw_only=True):
    """A new event. The client makes its id: a repeated request is one event.

    `venue_code` may be left out in a deployment of one venue.
    """

    id: UUID
    organiser_id: UUID
    venue_code: str | UnsetType = UNSET


class Event(EventContent, frozen=True, kw_only=True):
    """An event as stored, with the venue of its version. `revision` grows with each amendment.

    `series_title` is that of `series_id`; `time_zone` is that of the venue.
    """

    id: UUID
    organiser_id: UUID
    series_title: Text | None
    venue_version: str
    venue_code: str
    venue_name: str
    time_zone: str
    state: State
    revision: int

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of the event's venue."""
        return ZoneInfo(self.time_zone)

    @property
    def names_due_at(self) -> datetime | None:
        """When the names of tickets are due; None if they are optional or there are none."""
        if not self.rules.named_tickets or self.rules.names_by is None:
            return None
        return self.starts_at - timedelta(hours=self.rules.names_by)

    def sale_phase(self, now: datetime) -> SalePhase:
        """Return the phase of the sale: before, open, after, or cancelled."""
        if self.state == "cancelled":
            return "cancelled"
        if now < self.sale_opens_at:
            return "before"
        return "open" if now < self.sale_closes_at else "after"


class Organiser(Struct, frozen=True):
    """An organiser of events: a club, a promoter, a federation."""

    id: UUID
    name: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Series(Struct, frozen=True):
    """A tournament or a season: events of one organiser under one title."""

    id: UUID
    organiser_id: UUID
    title: Text


def digest(command: NewEvent) -> bytes:
    """Return the hash that identifies a repeated request.

    Rules that v0.2.0 did not know are part of it only where they are set: stored hashes stay valid.
    """
    written = replace(command, title=hashed(command.title), subtitle=hashed(command.subtitle))
    content = msgspec.to_builtins(written)
    content["rules"] = {name: value for name, value in content["rules"].items() if value is not None}
    return sha256(msgspec.json.encode(content, order="sorted")).digest()


def content_of(event: EventContent) -> EventContent:
    """Return the part of an event that an amendment replaces."""
    return EventContent(**{name: getattr(event, name) for name in EventContent.__struct_fields__})


def check_dates(content: EventContent) -> Refused | None:
    """Refuse times outside the supported years; a draft may have any other defect."""
    fields = ("doors_at", "starts_at", "ends_at", "sale_opens_at", "sale_closes_at")
    strange = [name for name in fields if not YEAR_MIN <= getattr(content, name).year <= YEAR_MAX]
    return Refused(Reason.INVALID, {"fields": strange}) if strange else None


def defects(content: EventContent, now: datetime, languages: Sequence[str] = ()) -> list[str]:
    """Return all defects of an event, in the order of the form.

    Its texts must stand in all `languages`; without any, in one.
    """
    titles = [f"title_{tag}_missing" for tag in missing_in(content.title, languages)]
    found = {
        EventDefect.TITLE: not any(title.strip() for title in content.title.values()) and not titles,
        EventDefect.SUBTITLE: is_partial(content.subtitle, languages),
        EventDefect.DOORS: content.doors_at > content.starts_at,
        EventDefect.END: content.ends_at <= content.starts_at,
        EventDefect.SALE: content.sale_closes_at <= content.sale_opens_at,
        EventDefect.SALE_END: content.sale_closes_at > content.ends_at,
        EventDefect.OVER: content.ends_at <= now,
    }
    return titles + [defect.value for defect, there in found.items() if there]


def may_amend(
    event: Event, content: EventContent, revision: int | None, now: datetime, languages: Sequence[str] = ()
) -> Refused | None:
    """Refuse new content of a cancelled or past event, and incomplete content of a published one."""
    if event.state == "cancelled":
        return Refused(Reason.CANCELLED)
    if event.state == "published" and event.ends_at <= now:
        return Refused(Reason.OVER)
    if revision is not None and revision != event.revision:
        return Refused(Reason.CHANGED, {"revision": event.revision})
    if event.state == "published":
        return _incomplete(content, defects(content, now, languages), languages)
    return None


def may_publish(event: Event, now: datetime, languages: Sequence[str] = ()) -> Refused | None:
    """Refuse to publish an event that is cancelled or has defects."""
    if event.state == "cancelled":
        return Refused(Reason.CANCELLED)
    return _incomplete(event, defects(event, now, languages), languages)


def may_cancel(event: Event, now: datetime) -> Refused | None:
    """Refuse to cancel a published event that is over."""
    if event.state == "published" and event.ends_at <= now:
        return Refused(Reason.OVER)
    return None


def _incomplete(content: EventContent, found: list[str], languages: Sequence[str]) -> Refused | None:
    """Refuse defects; `languages` of the refusal are those in which a text is missing."""
    data: dict[str, Any] = {"defects": found}
    missing = {*missing_in(content.title, languages)}
    if EventDefect.SUBTITLE in found:
        missing |= {*missing_in(content.subtitle, languages)}
    if missing:
        data["languages"] = [tag for tag in languages if tag in missing]
    return Refused(Reason.INCOMPLETE, data) if found else None
