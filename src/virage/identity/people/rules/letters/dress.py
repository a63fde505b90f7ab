"""What a letter says: the words of its kind with their values, on a page in the club's colours."""

from collections.abc import Sequence
from typing import Any

from virage.identity.people.rules.letters import Content, Letter
from virage.identity.people.rules.letters.receipt import receipt_pdf
from virage.identity.people.rules.letters.words import Words, words_in
from virage.platform.mail.messages import Attachment, Rendered
from virage.platform.mail.pages import Page, html_of, text_of
from virage.platform.paper import ink_on
from virage.platform.settings.config import Config


def render(letter: Letter, content: Content, config: Config) -> Rendered:
    """Return a letter in the reader's language. Slow where it has a receipt: call it in a thread."""
    words = words_in(letter.locale, config.club.locale)
    page = _page(words, letter, content, config)
    files: Sequence[Attachment] = ()
    if content.receipt is not None:
        files = [receipt_pdf(words, content.receipt, page.rows, config)]
    return Rendered(page.subject, text_of(page, words.named), html_of(page), files)


def _page(words: Words, letter: Letter, content: Content, config: Config) -> Page:
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
    return Page(
        lang=words.tag,
        subject=said(kind.subject),
        title=said(kind.title),
        preview=paragraphs[0] if paragraphs else "",
        code=said(kind.code),
        paragraphs=paragraphs,
        facts=[(said(name), value) for name, template in kind.facts if (value := said(template))],
        rows=[] if row is None else [tuple(said(cell, row=one) for cell in row) for one in content.rows],
        total=None if kind.total is None else tuple(map(said, kind.total)),
        button=said(kind.button),
        link=config.public_url + content.path,
        small=all_said(kind.small),
        automatic=words.common["automatic"],
        club=config.club.name,
        address=config.house_address,
        primary=config.club.primary,
        accent=config.club.accent,
        on_primary=ink_on(config.club.primary),
    )
