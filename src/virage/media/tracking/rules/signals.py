"""What goal-line technology and the referee's devices say, and what of it the match feed is told.

Everything of it is an entry, but for what would only be noise: whistles that follow on each other are one, and no
minute has more than a few signals of the referee. What waits while the database is away is bounded.
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
    """Whether the ball was over the line, for the side that would have scored; `id`: the sender's, one a decision."""

    id: Name
    at: Moment
    side: Side
    is_goal: bool


class Whistle(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="whistle"):
    """The referee has whistled. What for is the match desk's to say."""

    id: Name
    at: Moment


class PlayState(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="play"):
    """The referee has stopped the play, or lets it go on."""

    id: Name
    at: Moment
    state: Literal["stopped", "resumed"]


class VarCheck(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="var"):
    """The video assistant checks something, or has."""

    id: Name
    at: Moment
    matter: Literal["goal", "penalty", "red_card", "identity"]
    phase: Literal["checking", "stands", "overturned"]


class AddedTimeBoard(Struct, frozen=True, forbid_unknown_fields=True, tag_field="signal", tag="added_time"):
    """The fourth official shows what is added."""

    id: Name
    at: Moment
    minutes: Annotated[int, Meta(ge=1, le=30)]


Signal = GoalLineSignal | Whistle | PlayState | VarCheck | AddedTimeBoard


_SIGNALS: Final = msgspec.json.Decoder[Signal](Signal)


def signal_of(payload: bytes) -> Signal:
    """A signal from its bytes; raises `msgspec.DecodeError`."""
    signal: Signal = _SIGNALS.decode(payload)
    return signal


def entry_request_of(event_id: UUID, signal: Signal) -> EntryRequest:
    """The entry that it becomes: the same one however often and by whichever device it is said.

    None of them is a goal, a card or the end of a half. The referee decides, and the desk tells. Raises OverflowError
    for a moment before or after all that can be written.
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
    """Whether a signal of the referee is left out; `lately`: those that were not."""
    if not isinstance(request.content, RefereeSignal) or any(one.id == request.id for one in lately):
        return False
    near = [one for one in lately if abs(request.at - one.at) < MINUTE]
    again = request.content.signal == "whistle" and any(
        one.content == request.content and abs(request.at - one.at) < SAME_WHISTLE for one in near
    )
    return again or len(near) >= SIGNALS_PER_MINUTE_MAX


def excess(waiting: Mapping[UUID, EntryRequest]) -> list[UUID]:
    """Which of those that wait, in their order, are given up: signals of the referee first, then the oldest."""
    over = max(len(waiting) - WAITING_MAX, 0)
    return [
        one.id for one in sorted(waiting.values(), key=lambda one: not isinstance(one.content, RefereeSignal))[:over]
    ]
