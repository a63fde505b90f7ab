"""Record the requests and their answers: `python -m tests.golden.requests_record`.

The scenario is played against a restored dump, then replayed against another one: what differs there was drawn by the
system and is marked (requests_log.py). The document of the API is kept beside the recording.
"""

import asyncio
import gzip
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.golden import (
    requests_story_food,
    requests_story_gates,
    requests_story_match,
    requests_story_money,
    requests_story_people,
    requests_story_sale,
    requests_variants,
)
from tests.golden.renames import Renames, operations
from tests.golden.renames_exchange import Translator
from tests.golden.requests_client import Replay
from tests.golden.requests_log import Exchange, drawn_paths, write
from tests.golden.requests_story import Story
from tests.golden.requests_system import log_errors_alone, openapi_document, system
from virage.platform.host.postgres import EmbeddedPostgres

FOLDER = Path(__file__).parent
RECORDING = FOLDER / "requests.jsonl.gz"
DOCUMENT = FOLDER / "openapi.json.gz"
SIGNED_IN_AGAIN = ("fan", "friend", "admin", "office", "finance", "supervisor", "cashier")


def main() -> None:
    """Record and write both files; print what has no successful answer."""
    log_errors_alone()
    document = openapi_document()
    with TemporaryDirectory(prefix="virage-requests-") as temporary:
        folder = Path(temporary)
        cluster = EmbeddedPostgres(folder / "pg", durable=False)
        asyncio.run(cluster.start())
        try:
            exchanges = asyncio.run(record(cluster, folder, document))
        finally:
            asyncio.run(cluster.stop())
    write(RECORDING, exchanges)
    DOCUMENT.write_bytes(gzip.compress(json.dumps(document, sort_keys=True).encode(), 9, mtime=0))
    report(exchanges, document)


async def record(cluster: EmbeddedPostgres, folder: Path, document: Mapping[str, Any]) -> list[Exchange]:
    """Play the scenario, then replay it on another system and mark what that one drew."""
    async with system(cluster, folder / "first") as first:
        story = Story(first)
        await play(story, document)
    sys.stdout.writelines(f"not recorded, the system failed: {fault}\n" for fault in story.faults)
    async with system(cluster, folder / "second") as second:
        replay = Replay(second)
        for exchange in story.exchanges:
            await replay.marked(exchange)
    return story.exchanges


async def play(story: Story, document: Mapping[str, Any]) -> None:
    """Play everything that is recorded."""
    await story.work()
    await requests_story_sale.play(story)
    await requests_story_people.play(story)
    await requests_story_gates.play(story)
    await requests_story_money.play(story)
    await requests_story_match.prepare(story)
    await requests_story_food.play(story)
    await requests_story_match.play(story)
    for who in SIGNED_IN_AGAIN:
        await requests_story_people.sign_in_again(story, who)
    await requests_variants.reads(story, document)
    await requests_variants.broken(story, document)
    for exchange in requests_variants.generated(story, document):
        await story.send(exchange)
    await end(story)


async def end(story: Story) -> None:
    """Sign out, and erase a person."""
    await story.ask("cashier", "DELETE", "/api/session")
    await story.ask("finance", "DELETE", "/api/me/sessions")
    await story.ask("friend", "DELETE", "/api/me", expect=409)
    await requests_story_people.sign_in_again(story, "golden", "last browser")
    await story.ask("last browser", "DELETE", "/api/me")
    await story.ask("last browser", "GET", "/api/me")
    await story.work()


def report(exchanges: list[Exchange], document: Mapping[str, Any]) -> None:
    """Print what was recorded: statuses, marks, operations without a successful answer."""
    translator = Translator(document, Renames())
    sent = [exchange for exchange in exchanges if exchange.is_request]
    best: dict[str, int] = {}
    for exchange in sent:
        name = translator.operation_of(exchange.method, exchange.path)
        if name is not None:
            best[name] = min(best.get(name, 999), exchange.status)
    marks = Counter(
        (translator.operation_of(exchange.method, exchange.path), str([step for step in path if isinstance(step, str)]))
        for exchange in sent
        for path in drawn_paths(exchange.answer)
    )
    names = [name for name, _ in operations(document)]
    lines = [
        f"{len(sent)} requests, {len(best)} of {len(names)} operations",
        str(sorted(Counter(exchange.status for exchange in sent).items())),
        *(f"drawn {count} times: {place} {members}" for (place, members), count in sorted(marks.items(), key=str)),
        *(f"no 2xx: {name} {best.get(name)}" for name in names if not 200 <= best.get(name, 0) < 300),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
