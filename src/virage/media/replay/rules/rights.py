"""Who may watch the clips of an event, where and when; and what they may do with them."""

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
    """Why somebody may not watch, or the rights are not set."""

    NOT_FOUND = "not_found"
    GONE = "gone"
    NOT_YET = "replay_not_yet"
    OVER = "replay_over"
    NOT_HERE = "replay_not_here"
    TICKET_NEEDED = "replay_ticket_needed"
    INSIDE_NEEDED = "replay_inside_needed"
    DOWNLOAD_NOT_ALLOWED = "replay_download_not_allowed"
    CHANGED = "changed_meanwhile"


class Who(StrEnum):
    """Whom a clip is for: who is in the ground with a ticket, who has a ticket of the event, everybody."""

    INSIDE = "inside"
    TICKET = "ticket"
    EVERYBODY = "everybody"


class Anywhere(Struct, frozen=True, tag_field="kind", tag="anywhere", forbid_unknown_fields=True):
    """Wherever they are."""


class Networks(Struct, frozen=True, tag_field="kind", tag="networks", forbid_unknown_fields=True):
    """In one of these networks (CIDR, RFC 4632 and 4291), those of the ground."""

    networks: Annotated[list[Network], Meta(min_length=1, max_length=64)]


class Countries(Struct, frozen=True, tag_field="kind", tag="countries", forbid_unknown_fields=True):
    """In one of these countries (ISO 3166-1 alpha-2), as the edge in front of us says."""

    countries: Annotated[list[Country], Meta(min_length=1, max_length=250)]


class Rights(Struct, frozen=True, forbid_unknown_fields=True):
    """The rights in the clips of an event. `from_at` and `until_at`: when they may be watched, None without a bound.

    `download`: whether a clip may be kept as a file. `share`: whether its link shows what it is about to whoever may
    watch it anyway.
    """

    who: Who = Who.EVERYBODY
    where: Anywhere | Networks | Countries = Anywhere()
    from_at: Instant | None = None
    until_at: Instant | None = None
    download: bool = False
    share: bool = True

    def public(self, now: datetime) -> bool:
        """Whether everybody may watch now, so that a shared cache may answer for us."""
        return self.who is Who.EVERYBODY and isinstance(self.where, Anywhere) and _when(self, now) is None


class Viewer(Struct, frozen=True):
    """Who asks. `country`: None where nobody whom we trust said it. `crew`: works on the clips of this event."""

    ticket: bool = False
    inside: bool = False
    address: str | None = None
    country: str | None = None
    crew: bool = False


def may_watch(rights: Rights, clip: Clip, viewer: Viewer, now: datetime) -> Refused | None:
    """Why this viewer may not watch this clip now; None if they may. One that is not shown is for nobody.

    Of one that was taken down this much is said; of one that never was shown, nothing.
    """
    if clip.state is not ClipState.SHOWN:
        return Refused(Reason.NOT_FOUND if clip.published_at is None else Reason.GONE)
    if viewer.crew:
        return None
    return _when(rights, now) or _where(rights, viewer) or _who(rights, viewer)


def check(rights: Rights) -> Refused | None:
    """Why these rights mean nothing."""
    if isinstance(rights.where, Networks):
        for number, network in enumerate(rights.where.networks):
            try:
                ip_network(network)
            except ValueError as error:
                return invalid_input(f"rights.where.networks.{number}", str(error))
    if rights.from_at is not None and rights.until_at is not None and rights.until_at <= rights.from_at:
        return invalid_input("rights.until_at", "It is after from_at.")
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
        case Who.INSIDE if not (viewer.ticket and viewer.inside):
            return Refused(Reason.INSIDE_NEEDED)
        case Who.TICKET if not viewer.ticket:
            return Refused(Reason.TICKET_NEEDED)
        case _:
            return None
