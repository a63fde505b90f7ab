"""What goal-line technology and the referee's devices say, and what of it the match feed is told."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.kernel.ids import named_id
from virage.live.rules.entries import GoalLine, Side, Telling

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


Signal = GoalLineSignal | Whistle


_SIGNALS: Final = msgspec.json.Decoder[Signal](Signal)


def signal_of(payload: bytes) -> Signal:
    """A signal from its bytes; raises `msgspec.DecodeError`."""
    signal: Signal = _SIGNALS.decode(payload)
    return signal


def telling_of(event_id: UUID, signal: GoalLineSignal) -> Telling:
    """The entry that it becomes: the same one however often and by whichever device it is said.

    It is no goal. The referee decides, and the desk tells.
    """
    return Telling(named_id(event_id, f"goal-line:{signal.id}"), signal.at, GoalLine(signal.side, signal.is_goal))
