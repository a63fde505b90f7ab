"""The crowd of an evening: who comes to which gate in which minute, most with a valid pass.

The minutes follow the profile of large stadiums: 15 % come before -90, 25 % by -60, 35 % by -30, 20
% by the start, 5 % late. Each visitor comes to a gate of their group.
"""

import random
from collections.abc import Iterator
from itertools import cycle
from typing import Literal

from msgspec import Struct

from benchmarks.evening import Evening, Fan, Lane

OPEN, CLOSE = -120, 15
PROFILE = ((0.15, OPEN, -90), (0.25, -90, -60), (0.35, -60, -30), (0.20, -30, 0), (0.05, 0, CLOSE))
HANG, CUT, STOLEN, REVOKE, KILL, BACK = -80, -60, -55, -50, -40, -10
"""One process hangs; some gates lose their cable; a device is stolen and revoked; passes are refunded; all is killed;
all is back."""
WRONG_S = 540

Kind = Literal[
    "good",
    "slow_phone",
    "paper",
    "wrong_gate",
    "twice",
    "again_here",
    "again_there",
    "picture",
    "forged",
    "revoked",
    "superseded",
    "refunded",
]
BAD: dict[Kind, frozenset[str]] = {
    "forged": frozenset({"forged"}),
    "revoked": frozenset({"revoked"}),
    "superseded": frozenset({"superseded"}),
}
"""Passes that must be refused, and the possible reasons."""
TROUBLE: dict[int, Kind] = {
    1: "slow_phone",
    2: "again_here",
    3: "again_there",
    4: "wrong_gate",
    5: "picture",
    21: "slow_phone",
}
"""What some of forty come with."""


class Visit(Struct):
    """One visitor. `gates` are shown the code one after the other, each `later` minutes after the
    previous.

    `off_s` is how far the phone's clock is ahead.
    """

    kind: Kind
    fan: Fan
    minute: int
    gates: list[str]
    later: int = 0
    off_s: int = 0


class Crowd:
    """The crowd of an evening. The same seed makes the same crowd."""

    def __init__(self, evening: Evening, seed: int) -> None:
        self._chance = random.Random(seed)
        self._by_group: dict[str, list[Lane]] = {}
        for lane in evening.lanes:
            self._by_group.setdefault(lane.group, []).append(lane)
        self.cut = [lane.gate for lane in evening.lanes[3::20]]
        # Some device clocks jump while the server is away, as after a restart without a time
        # source.
        self.jumping = [lane.gate for lane in evening.lanes[5::10]]
        self.fans = list(evening.fans)
        self._chance.shuffle(self.fans)
        share = max(4, len(self.fans) // 200)
        dark = {lane.group for lane in evening.lanes if lane.gate in self.cut}
        self.refunded = [fan for fan in self.fans if fan.group in dark][:share]
        numbers = {fan.number for fan in self.refunded}
        rest = [fan for fan in self.fans if fan.number not in numbers]
        self.visits: list[Visit] = [self._good(fan, turn) for turn, fan in zip(cycle(range(40)), rest)]
        self._refund()
        self._bad(evening, share)
        self.visits.sort(key=lambda visit: visit.minute)

    def gates_of(self, fan: Fan, count: int = 1) -> list[str]:
        """Some gates of the fan's group, without repetition."""
        return [lane.gate for lane in self._chance.sample(self._by_group[fan.group], count)]

    def gates_beside(self, lane: Lane) -> list[str]:
        """The other gates of a device's group, in any order."""
        others = [other.gate for other in self._by_group[lane.group] if other.gate != lane.gate]
        return self._chance.sample(others, len(others))

    def _minute(self) -> int:
        _, begins, ends = self._chance.choices(PROFILE, [part for part, _, _ in PROFILE])[0]
        return self._chance.randrange(begins, ends)

    def _good(self, fan: Fan, turn: int) -> Visit:
        """A visitor with a valid pass. One in two hundred has a problem, more during the outage."""
        minute = self._minute()
        visit = Visit("good", fan, minute, self.gates_of(fan))
        if KILL <= minute < BACK - 8 and turn % 10 == 0:
            visit.kind, visit.later = "twice", self._chance.randint(1, 4)
            visit.gates = self.gates_of(fan, 3 if turn % 40 == 0 else 2)
            return visit
        visit.kind = TROUBLE.get(turn % 40, "good")
        if visit.kind == "slow_phone":
            visit.off_s = self._chance.choice([-WRONG_S, WRONG_S])
            jumping = [lane.gate for lane in self._by_group[fan.group] if lane.gate in self.jumping]
            visit.gates = [self._chance.choice(jumping)] if jumping and KILL <= minute < BACK else visit.gates
        elif visit.kind == "again_here":
            visit.gates, visit.later = visit.gates * 2, self._chance.randint(1, 20)
        elif visit.kind == "again_there":
            visit.gates, visit.later = self.gates_of(fan, 2), self._chance.randint(1, 30)
        elif visit.kind == "wrong_gate":
            visit.gates = [self._another(fan), *visit.gates]
        return visit

    def _another(self, fan: Fan) -> str:
        group = self._chance.choice([name for name in self._by_group if name != fan.group])
        return self._chance.choice(self._by_group[group]).gate

    def _refund(self) -> None:
        """A fan refunded at -50: shown soon after at a gate without network, which cannot know, or
        elsewhere in the outage.
        """
        for turn, fan in enumerate(self.refunded):
            lanes = self._by_group[fan.group]
            knows = turn % 2 == 1
            gate = self._chance.choice([lane.gate for lane in lanes if (lane.gate not in self.cut) == knows])
            minute = KILL + 1 + turn % 20 if knows else REVOKE + 1 + turn % (KILL - REVOKE - 1)
            self.visits.append(Visit("refunded", fan, minute, [gate]))

    def _bad(self, evening: Evening, share: int) -> None:
        passes: Iterator[tuple[Kind, list[Fan]]] = iter(
            (
                ("revoked", evening.revoked),
                ("superseded", evening.superseded),
                ("paper", evening.papers),
                ("forged", self.fans[-share:]),
            )
        )
        for kind, fans in passes:
            self.visits += [Visit(kind, fan, self._minute(), self.gates_of(fan)) for fan in fans]
