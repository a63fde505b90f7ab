"""How a message looks: one MJML layout in the sender's colours, and the same as plain text. No remote content.

The layout becomes HTML once, with its placeholders; values are put in, and escaped, afterwards.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import mjml
from minijinja import Environment
from msgspec import Struct
from msgspec.structs import asdict

_LAYOUT: Final = Path(__file__).with_name("email.mjml")
_NAME: Final = "email.html"


class Page(Struct, frozen=True, kw_only=True):
    """Everything that stands in a message, in its language (`lang`, BCP 47) and without markup.

    `facts` and `rows` are names with their values. Colours are hexadecimal. A part that is empty is left out.
    """

    lang: str
    subject: str
    title: str
    preview: str
    code: str
    paragraphs: Sequence[str]
    facts: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, ...]]
    total: tuple[str, ...] | None
    button: str
    link: str
    small: Sequence[str]
    automatic: str
    club: str
    address: str
    primary: str
    accent: str
    on_primary: str


def html_of(page: Page) -> str:
    """Return a page as HTML."""
    html: str = _templates().render_template(_NAME, **asdict(page))
    return html


@cache
def _templates() -> Environment:
    layout = mjml.mjml2html(_LAYOUT.read_text("utf-8"))
    return Environment(
        templates={_NAME: layout}, auto_escape_callback=lambda _name: "html", undefined_behavior="strict"
    )


def text_of(page: Page, named: Callable[[str, str], str]) -> str:
    """Return a page as plain text, with everything that the HTML says; `named` joins a name and its value."""
    rows = [*page.rows, *([page.total] if page.total and page.rows else [])]
    parts = [
        page.title,
        page.code,
        *page.paragraphs,
        "\n".join(named(name, value) for name, value in page.facts),
        "\n".join(named(what, cents) for what, cents in rows),
        f"{named(page.button, ' ')}\n{page.link}" if page.button else "",
        "\n".join(page.small),
        "\n".join([", ".join(filter(None, (page.club, page.address))), page.automatic]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
