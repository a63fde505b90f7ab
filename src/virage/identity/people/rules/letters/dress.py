"""How a letter looks: one MJML layout in the club's colours, and the same as plain text. No remote content.

The layout becomes HTML once, with its placeholders; values are put in, and escaped, afterwards.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import mjml
from minijinja import Environment

from virage.identity.people.rules.letters import Attachment, Content, Letter, Rendered
from virage.identity.people.rules.letters.receipt import receipt_pdf
from virage.identity.people.rules.letters.words import Words, words_in
from virage.platform.paper import ink_on
from virage.platform.settings.config import Config

_LAYOUT: Final = Path(__file__).with_name("letter.mjml")
_NAME: Final = "letter.html"


def render(letter: Letter, content: Content, config: Config) -> Rendered:
    """Return a letter in the reader's language. Slow where it has a receipt: call it in a thread."""
    words = words_in(letter.locale, config.club.locale)
    page = _page(words, letter, content, config)
    files: Sequence[Attachment] = ()
    if content.receipt is not None:
        files = [receipt_pdf(words, content.receipt, page["rows"], config)]
    html = _templates().render_template(_NAME, **page)
    return Rendered(page["subject"], _plain(words, page), html, files)


@cache
def _templates() -> Environment:
    layout = mjml.mjml2html(_LAYOUT.read_text("utf-8"))
    return Environment(
        templates={_NAME: layout}, auto_escape_callback=lambda _name: "html", undefined_behavior="strict"
    )


def _page(words: Words, letter: Letter, content: Content, config: Config) -> dict[str, Any]:
    """Return everything that stands in the letter, in its language and without markup."""
    kind = words.kinds[letter.kind.value]
    values = {
        "club": config.club.name,
        "was_at": letter.was_at,
        "receipt": content.receipt is not None,
        **letter.secret,
        **content.values,
    }

    def said(template: str, **more: Any) -> str:
        return words.render(template, {**values, **more})

    def all_said(templates: Sequence[str]) -> list[str]:
        return [text for text in map(said, templates) if text]

    paragraphs = all_said(kind.paragraphs)
    row = kind.row
    return {
        "lang": words.tag,
        "subject": said(kind.subject),
        "title": said(kind.title),
        "preview": paragraphs[0] if paragraphs else "",
        "code": said(kind.code),
        "paragraphs": paragraphs,
        "facts": [(said(name), value) for name, template in kind.facts if (value := said(template))],
        "rows": [] if row is None else [tuple(said(cell, row=one) for cell in row) for one in content.rows],
        "total": None if kind.total is None else tuple(map(said, kind.total)),
        "button": said(kind.button),
        "link": config.public_url + content.path,
        "small": all_said(kind.small),
        "automatic": words.common["automatic"],
        "club": config.club.name,
        "address": config.house_address,
        "primary": config.club.primary,
        "accent": config.club.accent,
        "on_primary": ink_on(config.club.primary),
    }


def _plain(words: Words, page: Mapping[str, Any]) -> str:
    """Return the letter as plain text, with everything that the HTML says."""
    rows = [*page["rows"], *([page["total"]] if page["total"] and page["rows"] else [])]
    parts = [
        page["title"],
        page["code"],
        *page["paragraphs"],
        "\n".join(words.named(name, value) for name, value in page["facts"]),
        "\n".join(words.named(what, cents) for what, cents in rows),
        f"{words.named(page['button'], ' ')}\n{page['link']}" if page["button"] else "",
        "\n".join(page["small"]),
        "\n".join([", ".join(filter(None, (page["club"], page["address"]))), page["automatic"]]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
