"""Public routes of pages, and office routes for their versions."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, get, mount, put
from virage.site.pages import acts, reads
from virage.site.pages.reads import PublishedPage
from virage.site.pages.rules import PageDraft, PageKey, PageKind, PageVersion

Language = Annotated[str, Meta(description="A BCP 47 language tag, such as `fr` or `pt-BR`")]


async def has_page(kind: str) -> bool:
    """Return whether the page kind exists, published or not."""
    return kind in set(PageKind)


@get("/", public=True)
async def list_own_pages(db: Database) -> list[PublishedPage]:
    """Return the published pages, by kind and language."""
    async with db.connection() as conn:
        return await reads.in_force(conn)


@get("/{kind:str}", public=True)
async def get_own_page(kind: str, language: Language, db: Database, config: Config) -> Response[PageVersion]:
    """Return the page in force, in the requested language, else in the default one or another."""
    async with db.connection() as conn:
        found = await reads.page(conn, _page(kind).kind, language, config.club.locale)
    if found is None:
        raise Problem("not_found")
    return Response(found, headers={"cache-control": "no-cache"})


@get("/versions/{version_id:uuid}", public=True)
async def get_own_page_version(version_id: UUID, db: Database) -> PageVersion:
    """Return a version, in force or not: an order refers to the accepted terms."""
    async with db.connection() as conn:
        found = await reads.version_by_id(conn, version_id)
    if found is None:
        raise Problem("not_found")
    return found


@get("/{kind:str}/{language:str}", guards=[staff("admin")])
async def list_page_versions(kind: str, language: Language, db: Database, principal: Principal) -> list[PageVersion]:
    """Return all versions of a page in a language, the latest first."""
    require(principal, "admin")
    async with db.connection() as conn:
        return await reads.history(conn, _page(kind, language))


@put("/{kind:str}/{language:str}", guards=[staff("admin")])
async def publish_page(
    kind: str, language: Language, data: PageDraft, db: Database, *, clock: Clock, principal: Principal
) -> PageVersion:
    """Publish the next version of a page. The client makes the id: a repeated request returns the same version."""
    require(principal, "admin")
    return granted(await db.transact(acts.publish, _page(kind, language), data, principal.id, clock.now()))


def _page(kind: str, language: str = "en") -> PageKey:
    try:
        return msgspec.convert({"kind": kind, "language": language}, PageKey)
    except msgspec.ValidationError:
        raise Problem("not_found") from None


public_router = mount("/api/pages", [list_own_pages, get_own_page, get_own_page_version])
office_router = mount("/api/office/pages", [list_page_versions, publish_page])
