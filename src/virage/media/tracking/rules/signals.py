"""Signals of goal-line technology and the referee's devices, and the entries they become.

Repeated whistles within seconds become earlier entry, and referee signals are limited per minute. The queue for an
unavailable database is bounded.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.media.live.types import AddedTime, EntryRequest, GoalLine, MatchEvent, RefereeSignal, Side, VarReview
from virage.platform.values.ids import named_id

SAME_WHISTLE: Final = timedelta(seconds=5)
MINUTE: Final = timedelta(minutes=1)
SIGNALS_PER_MINUTE_MAX: Final = 3
WAITING_MAX: Final = 200

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Moment = Annotated[datetime, Meta(tz=True)]


class GoalLineSignal(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="goal_line"):
    """Whether the ball crossed the line, for the side that would have scored; `id` identifies the decision."""

    id: Name
    at: Moment
    side: Side
    is_goal: bool


class Whistle(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="whistle"):
    """A whistle of the referee. The match desk publishes its reason."""

    id: Name
    at: Moment


class PlayState(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="play"):
    """The referee has stopped or resumed play."""

    id: Name
    at: Moment
    state: Literal["stopped", "resumed"]


class VarCheck(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="var"):
    """A VAR review or its result."""

    id: Name
    at: Moment
    matter: Literal["goal", "penalty", "red_card", "identity"]
    phase: Literal["checking", "stands", "overturned"]


class AddedTimeBoard(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="added_time"):
    """The added time on the fourth official's board."""

    id: Name
    at: Moment
    minutes: Annotated[int, Meta(ge=1, le=30)]


Signal = GoalLineSignal | Whistle | PlayState | VarCheck | AddedTimeBoard


_SIGNALS: Final = msgspec.json.Decoder[Signal](Signal)


def signal_of(payload: bytes) -> Signal:
    """Return a signal from its bytes; raises `msgspec.DecodeError`."""
    signal: Signal = _SIGNALS.decode(payload)
    return signal


def entry_request_of(event_id: UUID, signal: Signal) -> EntryRequest:
    """Return the entry of a signal; its id depends only on event, source and signal id.

    Signals never become goals, bookings or ends of periods: the match desk publishes the referee's decisions. Raises
    OverflowError for a time outside of the supported range.
    """
    source = "goal-line" if isinstance(signal, GoalLineSignal) else "referee"
    return EntryRequest(named_id(event_id, f"{source}:{signal.id}"), signal.at.astimezone(UTC), _match_event(signal))


def _match_event(signal: Signal) -> MatchEvent:
    match signal:
        case GoalLineSignal(side=side, is_goal=is_goal):
            return GoalLine(side, is_goal)
        case Whistle():
            return RefereeSignal("whistle")
        case PlayState(state=state):
            return RefereeSignal(state)
        case VarCheck(matter=matter, phase=phase):
            return VarReview(matter, phase)
        case AddedTimeBoard(minutes=minutes):
            return AddedTime(minutes)


def is_noise(request: EntryRequest, lately: Sequence[EntryRequest]) -> bool:
    """Return whether a referee signal is dropped; `lately`: recent signals that were not."""
    if not isinstance(request.content, RefereeSignal) or any(earlier.id == request.id for earlier in lately):
        return False
    near = [earlier for earlier in lately if abs(request.at - earlier.at) < MINUTE]
    again = request.content.signal == "whistle" and any(
        earlier.content == request.content and abs(request.at - earlier.at) < SAME_WHISTLE for earlier in near
    )
    return again or len(near) >= SIGNALS_PER_MINUTE_MAX


def excess(waiting: Mapping[UUID, EntryRequest]) -> list[UUID]:
    """Return the ids of waiting entries to discard: referee signals first, then the oldest."""
    over = max(len(waiting) - WAITING_MAX, 0)
    return [
        earlier.id
        for earlier in sorted(waiting.values(), key=lambda earlier: not isinstance(earlier.content, RefereeSignal))[
            :over
        ]
    ]
