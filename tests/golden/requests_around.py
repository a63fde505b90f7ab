"""The surroundings of a replay of the recorded requests: headers, streams, the facts of the
journal, HTTP itself.

`python -m tests.golden.requests_around` recorded it, with the code of the working copy, from two
replays: headers that differ between them are generated values.
"""

import asyncio
import gzip
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct

from tests.golden.counts import Fact
from tests.golden.renames import Names, Renames
from tests.golden.requests_client import Replay
from tests.golden.requests_edge import all_headers, at_the_edge, probes
from tests.golden.requests_log import Exchange, mark_drawn, read, write
from tests.golden.requests_streams import PULSE_S, SETTLE_S, Streams, followed, is_pitch
from tests.golden.requests_system import System, log_errors_alone, system
from tests.golden.shapes import Shape, renamed, shape_of
from tests.golden.system import FOLDER, golden
from virage.platform.host.postgres import EmbeddedPostgres

RECORDING = FOLDER / "requests.jsonl.gz"
HEADERS = FOLDER / "headers.json.gz"
FACTS = FOLDER / "facts.json.gz"
STREAMS = FOLDER / "streams.json.gz"
EDGE = FOLDER / "edge.jsonl.gz"

Headers = dict[str, Any]


class Facts(Struct, frozen=True):
    """The shapes of the journal's facts by their kind: those of the dump, and those that the replay appended."""

    dump: dict[str, Shape]
    replay: dict[str, Shape]


class StreamMessages(Struct, frozen=True):
    """The messages of each topic: the shape of its events, and one event of each shape that its
    data had.
    """

    shapes: dict[str, Shape]
    examples: dict[str, list[dict[str, Any]]]


class Recorded(Struct, frozen=True):
    """The surroundings of the recording under today's names; `headers` by the number of the
    recorded request.
    """

    headers: list[Headers]
    facts: Facts
    messages: StreamMessages


def recorded(renames: Renames) -> Recorded:
    """Return the surroundings of the recording."""
    headers = read_json(HEADERS)
    facts, messages = read_json(FACTS), read_json(STREAMS)
    return Recorded(
        [headers["sets"][number] for number in headers["of"]],
        Facts(facts["dump"], renamed(facts["replay"], renames.facts, renames.fact_data)),
        StreamMessages(renamed(messages["shapes"], renames.topics, renames.told), messages["examples"]),
    )


class Around:
    """Observes one replay: call `before` and `after` each recorded request, and `end` after the
    last.
    """

    def __init__(self, running: System, replay: Replay, recording: Sequence[Exchange], topics: Names) -> None:
        self._system = running
        self._recording = recording
        self._followed = followed(recording, topics)
        self.streams = Streams(running, replay)

    async def before(self, number: int) -> None:
        """Open the streams that begin here."""
        for who, topic in self._followed.get(number, ()):
            await self.streams.follow(who, topic)

    async def after(self, number: int) -> None:
        """Wait for messages that only the clock triggers."""
        if is_pitch(self._recording[number]):
            await self.streams.until("pitch", 1, PULSE_S)

    async def end(self, expected: StreamMessages | None = None) -> None:
        """Wait until the streams have sent the expected messages, and close them."""
        if expected is None:
            await asyncio.sleep(SETTLE_S)
        else:
            for _ in range(round(SETTLE_S / 0.1)):
                if self.streams.shapes() == expected.shapes:
                    break
                await asyncio.sleep(0.1)
        await self.streams.close()

    async def facts(self) -> Facts:
        """Return the shapes of the journal's facts."""
        last = golden().counts["journal facts"]
        found = await self._system.facts()
        return Facts(
            shapes_of_facts([fact for fact in found if fact.seq <= last]),
            shapes_of_facts([fact for fact in found if fact.seq > last]),
        )


def shapes_of_facts(facts: Sequence[Fact]) -> dict[str, Shape]:
    """Return the shape of facts by their kind; `who` says whether the fact has an actor."""
    by_kind: dict[str, list[Any]] = {}
    for fact in facts:
        by_kind.setdefault(fact.what, []).append({"who": fact.who, "data": fact.data})
    return {kind: shape_of(found) for kind, found in by_kind.items()}


def examples(heard: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the first event of each shape of data."""
    found: dict[str, list[dict[str, Any]]] = {}
    for topic, events in heard.items():
        by_shape = {json.dumps(shape_of([event["data"]])): event for event in reversed(events)}
        found[topic] = list(by_shape.values())
    return found


def routes_of(running: System) -> list[tuple[str, set[str]]]:
    """Return the routes of an application: paths with their methods."""
    found: dict[str, set[str]] = {}
    for one in running.app.served:
        found.setdefault(one.endpoint.path, set()).add(one.endpoint.method)
    return sorted(found.items())


def last_moment(recording: Sequence[Exchange]) -> float:
    """Return when the recording ended, in seconds after the dump."""
    return max(exchange.at for exchange in recording)


async def record(cluster: EmbeddedPostgres, folder: Path) -> None:
    """Replay twice, and write the observations."""
    seen: list[list[Headers]] = []
    asked: list[Exchange] = []
    for name in ("first", "second"):
        recording = read(RECORDING)
        async with system(cluster, folder / name) as running:
            replay = Replay(running)
            around = Around(running, replay, recording, {})
            headers: list[Headers] = []
            for number, exchange in enumerate(recording):
                await around.before(number)
                found = await replay.compared(exchange)
                assert not found, f"line {number}: {found[0]}"
                headers.append(all_headers(replay.answer.headers.multi_items()) if exchange.is_request else {})
                await around.after(number)
            await around.end()
            facts = await around.facts()
            messages = StreamMessages(around.streams.shapes(), examples(around.streams.heard))
            if not asked:
                asked = list(probes(routes_of(running), recording, last_moment(recording) + 1))
                for probe in asked:
                    answer = await replay.ask(probe)
                    probe.status = answer.status_code
                    probe.answered, probe.answer = at_the_edge(answer)
            else:
                for probe in asked:
                    answered, answer_now = at_the_edge(await replay.ask(probe))
                    assert probe.status == replay.answer.status_code, f"{probe.method} {probe.path}"
                    probe.answered = mark_drawn(probe.answered, answered, replay.names)
                    probe.answer = mark_drawn(probe.answer, answer_now, replay.names)
        seen.append(headers)
        write_json(FACTS, {"dump": facts.dump, "replay": facts.replay})
        write_json(STREAMS, {"shapes": messages.shapes, "examples": messages.examples})
    names = replay.names
    marked_headers = [mark_drawn(one, other, names) for one, other in zip(*seen, strict=True)]
    unique = {json.dumps(one, sort_keys=True): one for one in marked_headers}
    numbers = {text: number for number, text in enumerate(unique)}
    of = [numbers[json.dumps(one, sort_keys=True)] for one in marked_headers]
    write_json(HEADERS, {"sets": list(unique.values()), "of": of})
    write(EDGE, asked)
    report(asked, facts, messages, unique)


def report(asked: Sequence[Exchange], facts: Facts, messages: StreamMessages, unique: dict[str, Any]) -> None:
    """Print the observations."""
    statuses = sorted(Counter(probe.status for probe in asked).items())
    only_dump = sorted(facts.dump.keys() - facts.replay.keys())
    lines = [
        f"{len(asked)} probes: {statuses}",
        f"{len(unique)} sets of headers",
        f"{len(facts.replay)} kinds of facts, in the dump alone: {only_dump}",
        *(f"{topic}: {shape}" for topic, shape in messages.shapes.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def read_json(file: Path) -> Any:
    """Read what `write_json` wrote."""
    return json.loads(gzip.decompress(file.read_bytes()))


def write_json(file: Path, value: Any) -> None:
    """Write JSON, the same bytes for the same value."""
    file.write_bytes(gzip.compress(json.dumps(value, sort_keys=True).encode(), 9, mtime=0))


def main() -> None:
    """Record all of it."""
    log_errors_alone()
    with TemporaryDirectory(prefix="virage-around-") as temporary:
        folder = Path(temporary)
        cluster = EmbeddedPostgres(folder / "pg", durable=False)
        asyncio.run(cluster.start())
        try:
            asyncio.run(record(cluster, folder))
        finally:
            asyncio.run(cluster.stop())


if __name__ == "__main__":
    main()
