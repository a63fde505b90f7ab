"""Reads of pages for readers, the office and ticketing."""

from uuid import UUID

from virage.platform.data.database import Connection
from virage.site.pages import store
from virage.site.pages.rules import PageKind, PageVersion, in_language
from virage.site.pages.store import PublishedPage, history, in_force, version_by_id

__all__ = ["PublishedPage", "history", "in_force", "page", "terms_in_force", "version_by_id"]


async def page(conn: Connection, kind: PageKind, language: str, default: str) -> PageVersion | None:
    """Return the page in force for a reader of this language, else in the default or another; None if there is none."""
    return in_language(await store.latest(conn, kind), language, default)


async def terms_in_force(conn: Connection) -> frozenset[UUID]:
    """Return the ids of the terms of sale in force, one per language; empty if none are published."""
    return frozenset(page.id for page in await store.in_force(conn) if page.kind is PageKind.TERMS)
