"""The size of the feed for a phone when referees and goal-line technology send signals too."""

from tests.listening import messages_of, subscribe
from tests.media.live.conftest import GOAL, KICK_OFF, Match
from virage.media.tracking.rules.signals import SIGNALS_PER_MINUTE_MAX
from virage.platform.realtime.hub import Hub
from virage.platform.web.guard import ANONYMOUS

BYTES_A_MINUTE_MAX = 2_000
FRAME = 8  # overhead of an HTTP/1.1 chunk: its length and two line ends
HEARTBEATS = 4 * len(b": \n\n")
EVENTFUL = (
    GOAL,
    {"kind": "goal_line", "side": "home", "is_goal": True},
    {"kind": "card", "side": "away", "player": 4, "colour": "yellow"},
    {"kind": "replay", "clip_id": "01a2168b-6201-729d-b000-5d34145cb236", "about": 2},
    *[{"kind": "referee", "signal": "stopped"}] * SIGNALS_PER_MINUTE_MAX,
)


async def test_a_minute_with_goal_replay_card_and_all_signals_takes_less_than_two_kilobytes(
    match: Match,
) -> None:
    hub: Hub = match.world.app.state.hub
    await match.tell(KICK_OFF)
    parts = await subscribe(hub, ANONYMOUS, [f"live:{match.world.event}"], None)
    await anext(parts)
    sizes: list[int] = []
    for content in EVENTFUL:
        await match.tell(content)
        part = await anext(parts)
        while not messages_of(part):
            part = await anext(parts)
        sizes.append(len(part) + FRAME)
    await parts.aclose()
    assert sum(sizes) + HEARTBEATS + 4 * FRAME < BYTES_A_MINUTE_MAX
