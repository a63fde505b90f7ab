"""Rights of clips: who may watch them, where and when, and whether they may be saved and shared."""

from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Annotated, Final

from msgspec import Meta, Struct

from virage.media.replay.rules.clips import Clip, ClipState
from virage.platform.values.refusals import Refused, invalid_input
from virage.site.programme.types import Instant

RIGHTS_FACT: Final = "replay_rights"

Network = Annotated[str, Meta(pattern=r"^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]


class Reason(StrEnum):
    """Refusals of playback and of rights."""

    NOT_FOUND = "not_found"
    GONE = "gone"
    NOT_YET = "replay_not_yet"
    OVER = "replay_over"
    NOT_HERE = "replay_not_here"
    TICKET_NEEDED = "replay_ticket_needed"
    INSIDE_NEEDED = "replay_inside_needed"
    DOWNLOAD_NOT_ALLOWED = "replay_download_not_allowed"
    CHANGED = "changed_meanwhile"


class Audience(StrEnum):
    """Audience of clips: ticket holders inside the venue, ticket holders of the event, or everyone."""

    INSIDE = "inside"
    TICKET = "ticket"
    EVERYBODY = "everybody"


class Anywhere(Struct, frozen=True, tag_field="kind", tag="anywhere", forbid_unknown_fields=True):
    """No restriction of place."""


class Networks(Struct, frozen=True, tag_field="kind", tag="networks", forbid_unknown_fields=True):
    """Networks (CIDR, RFC 4632 and 4291), such as those of the venue."""

    networks: Annotated[list[Network], Meta(min_length=1, max_length=64)]


class Countries(Struct, frozen=True, tag_field="kind", tag="countries", forbid_unknown_fields=True):
    """Countries (ISO 3166-1 alpha-2), as reported by a trusted proxy."""

    countries: Annotated[list[Country], Meta(min_length=1, max_length=250)]


class Rights(Struct, frozen=True, forbid_unknown_fields=True):
    """Rights of an event's clips. `from_at`, `until_at`: when they may be watched, None without a limit.

    `download`: whether clips may be saved as files. `share`: whether their links show a preview to those who may watch.
    """

    who: Audience = Audience.EVERYBODY
    where: Anywhere | Networks | Countries = Anywhere()
    from_at: Instant | None = None
    until_at: Instant | None = None
    download: bool = False
    share: bool = True

    def public(self, now: datetime) -> bool:
        """Return whether everyone may watch now, so that shared caches may respond."""
        return self.who is Audience.EVERYBODY and isinstance(self.where, Anywhere) and _when(self, now) is None


class Viewer(Struct, frozen=True):
    """The requester. `country`: None if no trusted proxy reported it. `crew`: has a role for clips of the event."""

    ticket: bool = False
    inside: bool = False
    address: str | None = None
    country: str | None = None
    crew: bool = False


def may_watch(rights: Rights, clip: Clip, viewer: Viewer, now: datetime) -> Refused | None:
    """Return the refusal of a viewer, or None. The crew may watch every published clip.

    A withdrawn clip is refused as gone, one that was never published as not found.
    """
    if clip.state is not ClipState.SHOWN:
        return Refused(Reason.NOT_FOUND if clip.published_at is None else Reason.GONE)
    if viewer.crew:
        return None
    return _when(rights, now) or _where(rights, viewer) or _who(rights, viewer)


def check(rights: Rights) -> Refused | None:
    """Return a refusal of invalid rights, or None."""
    if isinstance(rights.where, Networks):
        for number, network in enumerate(rights.where.networks):
            try:
                ip_network(network)
            except ValueError as error:
                return invalid_input(f"rights.where.networks.{number}", str(error))
    if rights.from_at is not None and rights.until_at is not None and rights.until_at <= rights.from_at:
        return invalid_input("rights.until_at", "Must be after from_at.")
    return None


def _when(rights: Rights, now: datetime) -> Refused | None:
    if rights.from_at is not None and now < rights.from_at:
        return Refused(Reason.NOT_YET, {"from_at": rights.from_at})
    if rights.until_at is not None and now >= rights.until_at:
        return Refused(Reason.OVER)
    return None


def _where(rights: Rights, viewer: Viewer) -> Refused | None:
    match rights.where:
        case Networks(networks):
            allowed = viewer.address is not None and any(_within(viewer.address, network) for network in networks)
        case Countries(countries):
            allowed = viewer.country in countries
        case Anywhere():
            allowed = True
    return None if allowed else Refused(Reason.NOT_HERE)


def _within(address: str, network: str) -> bool:
    return ip_address(address) in ip_network(network)


def _who(rights: Rights, viewer: Viewer) -> Refused | None:
    match rights.who:
        case Audience.INSIDE if not (viewer.ticket and viewer.inside):
            return Refused(Reason.INSIDE_NEEDED)
        case Audience.TICKET if not viewer.ticket:
            return Refused(Reason.TICKET_NEEDED)
        case _:
            return None
