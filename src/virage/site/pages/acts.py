"""Commands of pages, in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.site.pages import store
from virage.site.pages.rules import PageDraft, PageKey, PageReason, PageVersion, may_publish, same_text


async def publish(
    conn: Connection, page: PageKey, draft: PageDraft, who: UUID | None, now: datetime
) -> PageVersion | Refused:
    """Publish a text as the next version of a page. The same request again returns the same version.

    A text equal to the version in force publishes nothing and returns that version.
    """
    await store.lock_page(conn, page)
    known = await store.version_by_id(conn, draft.id)
    if known is not None:
        same = PageKey(known.kind, known.language) == page and same_text(draft, known)
        return known if same else Refused(PageReason.ID_TAKEN)
    latest = next(
        (version for version in await store.latest(conn, page.kind) if version.language == page.language), None
    )
    refusal = may_publish(draft, latest)
    if refusal is not None:
        return refusal
    if latest is not None and same_text(draft, latest):
        return latest
    revision = draft.revision + 1
    await store.insert_version(conn, page, draft, revision, now)
    data = {"kind": page.kind.value, "language": page.language, "revision": revision}
    await append(conn, [Fact("page_published", who, draft.id, data)], now)
    return PageVersion(draft.id, page.kind, page.language, revision, draft.title, draft.body, now)
