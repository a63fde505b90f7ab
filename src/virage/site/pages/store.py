"""Queries of pages, one typed function each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.site.pages.rules import PageDraft, PageKey, PageKind, PageVersion

_sql = load(__file__)


class PublishedPage(Struct, frozen=True):
    """A page in one language, without its text."""

    id: UUID
    kind: PageKind
    language: str
    revision: int
    title: str
    published_at: datetime


def _version(row: Mapping[str, Any]) -> PageVersion:
    return msgspec.convert(dict(row), PageVersion)


async def lock_page(conn: Connection, page: PageKey) -> None:
    """Wait for another publication of this page in this language, until the end of the transaction."""
    await _sql.lock_page(conn, kind=page.kind.value, language=page.language)


async def insert_version(conn: Connection, page: PageKey, draft: PageDraft, revision: int, now: datetime) -> None:
    """Publish a text as this revision."""
    await _sql.insert_version(
        conn,
        id=draft.id,
        kind=page.kind.value,
        language=page.language,
        revision=revision,
        title=draft.title,
        body=draft.body,
        now=now,
    )


async def version_by_id(conn: Connection, version_id: UUID) -> PageVersion | None:
    """Return one version, in force or not."""
    row = await _sql.version_by_id(conn, id=version_id)
    return None if row is None else _version(row)


async def latest(conn: Connection, kind: PageKind) -> list[PageVersion]:
    """Return the versions of a page that are in force, one a language, by language."""
    return [_version(row) async for row in _sql.latest(conn, kind=kind.value)]


async def history(conn: Connection, page: PageKey) -> list[PageVersion]:
    """Return all versions of a page in a language, the latest first."""
    return [_version(row) async for row in _sql.history(conn, kind=page.kind.value, language=page.language)]


async def in_force(conn: Connection) -> list[PublishedPage]:
    """Return which pages are published, by kind and language."""
    return [msgspec.convert(dict(row), PublishedPage) async for row in _sql.in_force(conn)]
