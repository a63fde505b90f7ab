"""The demonstration's mailbox: the letters that no mail server sent, for whoever sits at this machine."""

from html import escape
from typing import Any

from litestar import Request, Response, get

from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.rehearsal import PRIVATE, STYLE, hide
from virage.people import reads
from virage.people.rules.mails import Letter


@get("/api/mailbox", opt={"public": True})
async def read_mailbox(request: Request[Any, Any, Any], db: Database, config: Config) -> Response[list[Letter]]:
    """The latest letters; only in a demonstration, only from the machine itself."""
    hide(config, request.scope)
    async with db.connection() as conn:
        return Response(await reads.mailbox(conn), headers=PRIVATE)


@get("/mailbox", opt={"public": True}, include_in_schema=False)
async def show_mailbox(request: Request[Any, Any, Any], db: Database, config: Config) -> Response[str]:
    """The latest letters as a page."""
    hide(config, request.scope)
    async with db.connection() as conn:
        letters = await reads.mailbox(conn)
    return Response(_page(letters), media_type="text/html; charset=utf-8", headers=PRIVATE)


@get("/mailbox/style.css", opt={"public": True}, include_in_schema=False)
async def style_mailbox(request: Request[Any, Any, Any], config: Config) -> Response[str]:
    """The page's style, in a file of its own as our content security policy wants it."""
    hide(config, request.scope)
    return Response(STYLE, media_type="text/css; charset=utf-8")


def _page(letters: list[Letter]) -> str:
    shown = "".join(_article(letter) for letter in letters) or "<p>No letters yet. Pas encore de lettres.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/mailbox/style.css"></head><body><main><h1>Mailbox</h1>'
        "<p>This demonstration has no mail server; its letters arrive here, the latest first.</p>"
        f'<p><a class="again" href="/mailbox">Look again</a></p>{shown}</main></body></html>'
    )


def _article(letter: Letter) -> str:
    at = letter.arrived_at.isoformat(timespec="seconds")
    return (
        f"<article><h2>{escape(letter.subject)}</h2>"
        f'<p class="about">{escape(letter.recipient)}, <time datetime="{at}">{at}</time></p>'
        f"<pre>{escape(letter.body)}</pre></article>"
    )


handlers = [read_mailbox, show_mailbox, style_mailbox]
