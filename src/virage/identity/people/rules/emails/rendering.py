"""Rendering of an email: the templates of its kind with their values, in the club's colours."""

from collections.abc import Sequence
from typing import Any

from virage.identity.people.rules.emails import Email, EmailContent
from virage.identity.people.rules.emails.receipt import receipt_pdf
from virage.identity.people.rules.emails.texts import EmailTexts, texts_for
from virage.platform.mail.messages import Attachment, Rendered
from virage.platform.mail.pages import Page, html_of, text_of
from virage.platform.paper import ink_on
from virage.platform.settings.config import Config


def render(email: Email, content: EmailContent, config: Config) -> Rendered:
    """Render an email in the recipient's language. Slow with a receipt: call it in a thread."""
    texts = texts_for(email.locale, config.club.locale, config.currency)
    page = _page(texts, email, content, config)
    files: Sequence[Attachment] = ()
    if content.receipt is not None:
        files = [receipt_pdf(texts, content.receipt, page.rows, config)]
    return Rendered(page.subject, text_of(page, texts.named), html_of(page), files)


def _page(texts: EmailTexts, email: Email, content: EmailContent, config: Config) -> Page:
    """Return the email's parts as plain text in its language."""
    kind = texts.kinds[email.kind.value]
    values = {
        "club": config.club.name,
        "was_at": email.was_at,
        "receipt": content.receipt is not None,
        **email.secret,
        **content.values,
    }

    def rendered(template: str, **more: Any) -> str:
        return texts.render(template, {**values, **more})

    def all_rendered(templates: Sequence[str]) -> list[str]:
        return [text for text in map(rendered, templates) if text]

    paragraphs = all_rendered(kind.paragraphs)
    row, total = kind.row, tuple(map(rendered, kind.total or ()))
    return Page(
        lang=texts.tag,
        subject=rendered(kind.subject),
        title=rendered(kind.title),
        preview=paragraphs[0] if paragraphs else "",
        code=rendered(kind.code),
        paragraphs=paragraphs,
        facts=[(rendered(name), value) for name, template in kind.facts if (value := rendered(template))],
        rows=[]
        if row is None
        else [tuple(rendered(cell, row=content_row) for cell in row) for content_row in content.rows],
        total=total if any(total) else None,
        button=rendered(kind.button),
        link=config.public_url + content.path,
        small=all_rendered(kind.small),
        automatic=texts.common["automatic"],
        club=config.club.name,
        address=config.house_address,
        primary=config.club.primary,
        accent=config.club.accent,
        on_primary=ink_on(config.club.primary),
    )
