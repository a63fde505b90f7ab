"""The mailbox of a demo without a mail server, served to its own machine only.

An email's HTML is a page of its own in a sandboxed frame: no script runs in it, and it loads nothing.
"""

from html import escape
from typing import Final
from urllib.parse import quote
from uuid import UUID

from virage.identity.people import reads
from virage.identity.people.rules.emails import MailboxEmail
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.web.problems import Problem
from virage.platform.web.rehearsal import PRIVATE, STYLE, hide
from virage.platform.web.routing import Request, Response, get

_SANDBOX: Final = "allow-popups allow-popups-to-escape-sandbox"  # its links open as usual
_EMAIL_POLICY: Final = f"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox {_SANDBOX}"
_EMAIL_HEADERS: Final = PRIVATE | {"content-security-policy": _EMAIL_POLICY, "x-frame-options": "SAMEORIGIN"}
_EMAIL_STYLE: Final = """
iframe { display: block; width: 100%; height: 34rem; border: 1px solid #8886; border-radius: 0.5rem; }
details { margin-top: 0.75rem; }
summary { min-height: 44px; line-height: 44px; cursor: pointer; }
"""


@get("/api/mailbox", public=True)
async def read_mailbox(request: Request, db: Database, config: Config) -> Response[list[MailboxEmail]]:
    """The latest emails; only in a demonstration, only from the machine itself."""
    hide(config, request.scope)
    async with db.connection() as conn:
        return Response(await reads.mailbox(conn), headers=PRIVATE)


@get("/mailbox", public=True, documented=False)
async def show_mailbox(request: Request, db: Database, config: Config) -> Response[str]:
    """The latest emails as a page."""
    hide(config, request.scope)
    async with db.connection() as conn:
        emails = await reads.mailbox(conn)
    return Response(_page(emails), media_type="text/html; charset=utf-8", headers=PRIVATE)


@get("/mailbox/style.css", public=True, documented=False)
async def style_mailbox(request: Request, config: Config) -> Response[str]:
    """The page's style, in a file of its own as our content security policy wants it."""
    hide(config, request.scope)
    return Response(STYLE + _EMAIL_STYLE, media_type="text/css; charset=utf-8")


@get("/mailbox/{email_id:uuid}", public=True, documented=False)
async def show_email(email_id: UUID, request: Request, db: Database, config: Config) -> Response[str]:
    """One email as a mail program shows it."""
    hide(config, request.scope)
    async with db.connection() as conn:
        html = await reads.mailbox_html(conn, email_id)
    if html is None:
        raise Problem("not_found")
    return Response(html, media_type="text/html; charset=utf-8", headers=_EMAIL_HEADERS)


@get("/mailbox/{email_id:uuid}/files/{position:int}", public=True, documented=False)
async def get_email_file(
    email_id: UUID, position: int, request: Request, db: Database, config: Config
) -> Response[bytes]:
    """A file that goes with an email."""
    hide(config, request.scope)
    async with db.connection() as conn:
        file = await reads.mailbox_file(conn, email_id, position) if 0 <= position < 2**31 else None
    if file is None:
        raise Problem("not_found")
    headers = PRIVATE | {"content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return Response(file.content, media_type=file.media_type, headers=headers)


def _page(emails: list[MailboxEmail]) -> str:
    shown = "".join(_article(email) for email in emails) or "<p>No emails yet. Pas encore d’e-mails.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/mailbox/style.css"></head><body><main><h1>Mailbox</h1>'
        "<p>This demonstration has no mail server. Its emails are shown here, newest first.</p>"
        f'<p><a class="again" href="/mailbox">Refresh</a></p>{shown}</main></body></html>'
    )


def _article(email: MailboxEmail) -> str:
    at = email.arrived_at.isoformat(timespec="seconds")
    subject = escape(email.subject)
    files = "".join(
        f'<li><a href="/mailbox/{email.id}/files/{file.position}">{escape(file.name)}</a></li>' for file in email.files
    )
    return (
        f"<article><h2>{subject}</h2>"
        f'<p class="about">{escape(email.recipient)}, <time datetime="{at}">{at}</time></p>'
        f'<iframe src="/mailbox/{email.id}" title="{subject}" sandbox="{_SANDBOX}" loading="lazy"></iframe>'
        + (f"<ul>{files}</ul>" if files else "")
        + f"<details><summary>Plain text</summary><pre>{escape(email.body)}</pre></details></article>"
    )


handlers = [read_mailbox, show_mailbox, style_mailbox, show_email, get_email_file]
