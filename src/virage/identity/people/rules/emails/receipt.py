"""The receipt that goes with an email: one A4 page with VAT by rate, for screen readers too (PDF/UA-1)."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from virage.identity.people.rules.emails import Receipt
from virage.identity.people.rules.emails.texts import EmailTexts
from virage.platform.mail.messages import Attachment
from virage.platform.paper import breakable, ink_on, printed
from virage.platform.settings.config import Config

_TEMPLATE: Final = Path(__file__).with_name("receipt.typ")


def receipt_pdf(texts: EmailTexts, receipt: Receipt, rows: Sequence[Sequence[str]], config: Config) -> Attachment:
    """Return the receipt as PDF. Slow (about a tenth of a second): call it in a thread."""
    said, club = texts.receipt, config.club
    page = {
        "lang": texts.tag,
        "club": breakable(club.name),
        "primary": club.primary,
        "on_primary": ink_on(club.primary),
        "title": said["title"],
        "facts": [
            {"name": said["number"], "value": receipt.number},
            {"name": said["date"], "value": texts.day(receipt.at)},
            {"name": said["seller"], "value": breakable(", ".join(filter(None, (club.name, config.house_address))))},
            *([{"name": said["vat_number"], "value": config.house_vat_number}] if config.house_vat_number else []),
        ],
        "columns": [said["item"], said["amount"]],
        "rows": [[breakable(what), amount] for what, amount in rows],
        "total": [said["total"], texts.money(receipt.total_cents)],
        "vat_columns": [said["rate"], said["gross"], said["vat"], said["net"]],
        "vat": [
            [
                texts.percent(part.rate_permille),
                *map(texts.money, (part.gross_cents, part.vat_cents, part.gross_cents - part.vat_cents)),
            ]
            for part in receipt.vat
        ],
    }
    content = printed(_template(), {"receipt": msgspec.json.encode(page).decode()})
    return Attachment(texts.render(said["file"], {"number": receipt.number}), "application/pdf", content)


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()
