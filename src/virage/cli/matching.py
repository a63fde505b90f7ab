"""`virage match`: play a match file to a deployment."""

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
from virage.cli.deployment import configuration, console, fail, running_deployment
from virage.demo.people import DESK
from virage.demo.programme import CLUB, done
from virage.identity.people import api as people
from virage.identity.people.types import GrantRequest, RoleName, ScopeName
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
    """Play the file to its end. Exits with what to do on an error. Without `url`: to the deployment in this folder."""
    if speed < 0:
        raise fail("--speed must be 0 or more.")
    env = None if url else running_deployment(os.environ)
    config = configuration(env) if env else None
    address = url or (config.public_url if config else USUAL)
    if event_id is None:
        raise fail(f"Name the event with --event:\n{asyncio.run(_events(address))}")
    secret = _key(key) or (config if config and config.demo and config.database_url else None)
    if secret is None:
        raise fail(f"An API token is needed, by --key FILE or {KEY}: create one in the office, under API clients.")
    try:
        console.print("Reading the files…", markup=False)
        found = load_match_file(format_, paths)
        asyncio.run(_play(found, address, event_id, secret, speed))
    except (UnreadableFile, PlaybackFailed) as error:
        raise fail(str(error)) from None
    except KeyboardInterrupt:
        raise fail("Stopped. The same command continues from here.") from None
    console.print("The whole match was published.", markup=False)


def _key(file: Path | None) -> str:
    """Return the token that was given, or an empty text."""
    try:
        return file.read_text(encoding="utf-8").strip() if file is not None else os.environ.get(KEY, "")
    except OSError as error:
        raise fail(f"The key cannot be read: {error}") from None


async def _play(match: MatchFile, url: str, event_id: UUID, key: str | Config, speed: float) -> None:
    async with nullcontext(key) if isinstance(key, str) else demo_key(key) as secret:
        await play_match_file(match, url, event_id, secret, speed=speed, report=_say)


@asynccontextmanager
async def demo_key(config: Config) -> AsyncIterator[str]:
    """Return a token with the role of the demo's match desk, revoked when the match has been played."""
    now = clock_of(config).now()
    wish = people.TokenRequest(
        "virage match", [GrantRequest(RoleName.MATCH_DESK, ScopeName.ORGANISER, str(CLUB.id))], now + DEMO_KEY_LASTS
    )
    async with opened(config) as db:
        async with db.transaction() as conn:
            desk = Principal("staff", await people.ensure_staff(conn, DESK.email, None, DESK.grants, now))
        made = done(await db.transact(people.create_token, desk, wish, now))
        try:
            yield made.token
        finally:
            with suppress(Unavailable):  # the deployment has ended; the token expires
                await db.transact(people.revoke_token, desk, made.id, clock_of(config).now())


async def _events(url: str) -> str:
    try:
        async with aiohttp.ClientSession() as browser, browser.get(f"{url.rstrip('/')}/api/events") as answer:
            found: dict[str, Any] = await answer.json()
    except (aiohttp.ClientError, ValueError, TimeoutError):
        return f"(no answer at {url}: start Virage, or pass --url)"
    matches = [event for event in found["events"] if event["kind"] == "match"]
    return "\n".join(f"{event['id']}  {event['starts_at']}  {event['title']['en']}" for event in matches)


def _say(line: str) -> None:
    console.print(line, markup=False)
