"""`virage match`: play a match file into a running house."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from virage.cli.house import console, fail
from virage.live.sources.files import Format, NotReadable, load
from virage.live.sources.player import NotPlayed, play

KEY = "VIRAGE_MATCH_KEY"


def match(
    paths: Sequence[Path], format_: Format, event_id: UUID | None, *, speed: float, url: str, key: Path | None
) -> None:
    """Play it to its end, or end the command with what to do."""
    if speed < 0:
        raise fail("--speed is 0 or more.")
    if event_id is None:
        raise fail(f"Say which event with --event:\n{asyncio.run(_events(url))}")
    secret = _key(key)
    try:
        console.print("Reading the files…", markup=False)
        found = load(format_, paths)
        asyncio.run(play(found, url, event_id, secret, speed=speed, say=_say))
    except (NotReadable, NotPlayed) as error:
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        raise fail("Stopped. The same command goes on from here.") from None
    console.print("The match is told.", markup=False)


def _key(file: Path | None) -> str:
    try:
        key = file.read_text(encoding="utf-8").strip() if file is not None else os.environ.get(KEY, "")
    except OSError as error:
        raise fail(f"The key cannot be read: {error}") from None
    if not key:
        raise fail(f"A program's key is wanted, by --key FILE or {KEY}: the office makes one, under Programs.")
    return key


async def _events(url: str) -> str:
    try:
        async with aiohttp.ClientSession() as browser, browser.get(f"{url.rstrip('/')}/api/events") as answer:
            found: dict[str, Any] = await answer.json()
    except (aiohttp.ClientError, ValueError, TimeoutError):
        return f"(nobody answers at {url}: start a house, or say --url)"
    matches = [event for event in found["events"] if event["kind"] == "match"]
    return "\n".join(f"{event['id']}  {event['starts_at']}  {event['title']['en']}" for event in matches)


def _say(line: str) -> None:
    console.print(line, markup=False)
