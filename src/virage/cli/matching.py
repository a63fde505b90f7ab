"""`virage match`: play a match file into a running house."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from virage.app.opening import clock_of, opened
from virage.cli.house import configuration, console, fail, house_found
from virage.demo.people import DESK
from virage.demo.programme import CLUB, done
from virage.identity.people import api as people
from virage.identity.people.types import GrantWish, RoleName, ScopeName
from virage.media.live.api import Format, MatchFile, PlaybackFailed, UnreadableFile, load_match_file, play_match_file
from virage.platform.data.database import Unavailable
from virage.platform.settings.config import Config
from virage.platform.web.guard import Principal

KEY = "VIRAGE_MATCH_KEY"
USUAL = "http://localhost:8000"
DEMO_KEY_LASTS = timedelta(days=1)


def match(
    paths: Sequence[Path], format_: Format, event_id: UUID | None, *, speed: float, url: str | None, key: Path | None
) -> None:
    """Play it to its end, or end the command with what to do. Without `url` it is for the house in this folder."""
    if speed < 0:
        raise fail("--speed is 0 or more.")
    env = None if url else house_found(os.environ)
    config = configuration(env) if env else None
    address = url or (config.public_url if config else USUAL)
    if event_id is None:
        raise fail(f"Say which event with --event:\n{asyncio.run(_events(address))}")
    secret = _key(key) or (config if config and config.demo and config.database_url else None)
    if secret is None:
        raise fail(f"A program's key is wanted, by --key FILE or {KEY}: the office makes one, under Programs.")
    try:
        console.print("Reading the files…", markup=False)
        found = load_match_file(format_, paths)
        asyncio.run(_play(found, address, event_id, secret, speed))
    except (UnreadableFile, PlaybackFailed) as error:
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        raise fail("Stopped. The same command goes on from here.") from None
    console.print("The match is told.", markup=False)


def _key(file: Path | None) -> str:
    """The key that was given, or an empty one."""
    try:
        return file.read_text(encoding="utf-8").strip() if file is not None else os.environ.get(KEY, "")
    except OSError as error:
        raise fail(f"The key cannot be read: {error}") from None


async def _play(match: MatchFile, url: str, event_id: UUID, key: str | Config, speed: float) -> None:
    async with nullcontext(key) if isinstance(key, str) else demo_key(key) as secret:
        await play_match_file(match, url, event_id, secret, speed=speed, report=_say)


@asynccontextmanager
async def demo_key(config: Config) -> AsyncIterator[str]:
    """A key for as long as the match is played, out of what the demonstration's desk may do."""
    now = clock_of(config).now()
    wish = people.TokenWish(
        "virage match", [GrantWish(RoleName.MATCH_DESK, ScopeName.ORGANISER, str(CLUB.id))], now + DEMO_KEY_LASTS
    )
    async with opened(config) as db:
        async with db.transaction() as conn:
            desk = Principal("staff", await people.ensure_staff(conn, DESK.email, None, DESK.grants, now))
        made = done(await db.transact(people.create_token, desk, wish, now))
        try:
            yield made.token
        finally:
            with suppress(Unavailable):  # a house that has ended takes no key; once it is back, this one ends by itself
                await db.transact(people.revoke_token, desk, made.id, clock_of(config).now())


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
