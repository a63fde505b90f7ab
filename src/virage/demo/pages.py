"""Legal pages of the demo, each marked as a sample text."""

from datetime import datetime
from importlib.resources import files

from virage.demo.ids import demo_id
from virage.demo.programme import done
from virage.platform.data.database import Connection
from virage.site.pages import api as pages
from virage.site.pages.api import publish
from virage.site.pages.types import PageDraft, PageKey, PageKind


async def load_pages(conn: Connection, now: datetime) -> None:
    """Publish the missing pages; existing ones are kept."""
    published = {(page.kind, page.language) for page in await pages.in_force(conn)}
    for folder in files("virage.demo").joinpath("texts").iterdir():
        for kind in PageKind:
            if (kind, folder.name) in published:
                continue
            heading, _, body = folder.joinpath(f"{kind.value}.md").read_text(encoding="utf-8").partition("\n")
            draft = PageDraft(
                demo_id(f"page {kind.value} {folder.name}", now), heading.removeprefix("# "), body.strip(), 0
            )
            done(await publish(conn, PageKey(kind, folder.name), draft, None, now))
