"""Evidence of a dispute as PDF (A4, PDF/UA-1), and the fields of the provider's form.

The paper is slow (some tenths of a second): make it in a thread, outside of transactions. The same facts give the same
bytes.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_datetime

from virage.control.disputes.rules.facts import (
    DisputeFacts,
    MoveFacts,
    OrderFacts,
    ScanFacts,
    SignInFacts,
    TermsFacts,
    TicketFacts,
    TopUpFacts,
)
from virage.money.payments.types import EvidenceFields, PaidBy, Refund
from virage.platform.paper import breakable, ink_on, plain, printed
from virage.platform.settings.config import Config
from virage.platform.values.formats import formats_of
from virage.platform.values.languages import messages
from virage.platform.values.localised import LanguageTag, LocalisedText, text_in
from virage.platform.values.money import Cents
from virage.site.venue.types import PlaceLabel, local_code

ADMITTED: Final = frozenset({"admitted", "passed"})
LOG_CHARS_MAX: Final = 20_000
MOVES_MAX: Final = 500
"""So many movements of a wallet are listed; all count for the sum."""
_TEMPLATE: Final = Path(__file__).with_name("evidence.typ")
_HEADING: Final = re.compile(r"#{1,6}\s+")


def evidence_pdf(facts: DisputeFacts, config: Config) -> bytes:
    """Return the document, in the language of the operator."""
    return printed(_template(), {"evidence": msgspec.json.encode(page(facts, config)).decode()})


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def file_name(facts: DisputeFacts) -> str:
    """Return the name of the document's file."""
    if isinstance(facts.purchase, OrderFacts):
        return f"evidence-{_number(facts.purchase)}.pdf"
    return f"evidence-top-up-{facts.payment.created_at:%Y-%m-%d}.pdf"


def evidence_fields(facts: DisputeFacts, config: Config) -> EvidenceFields:
    """Return the fields of the provider's form."""
    pen = _Pen(config)
    order = facts.purchase if isinstance(facts.purchase, OrderFacts) else None
    log = [] if order is None else [_logged(pen, order, scan) for scan in order.scans]
    log += [
        f"{pen.moment(one.opened_at, config.time_zone)}: {pen.said('sign_in')}, {one.device}" for one in facts.sign_ins
    ]
    return EvidenceFields(
        _summary(pen, facts, config),
        facts.buyer.name,
        facts.buyer.email,
        None if order is None else order.starts_at.astimezone(order.zone).date(),
        _lines_within(log, LOG_CHARS_MAX) or None,
    )


def page(facts: DisputeFacts, config: Config) -> dict[str, Any]:
    """Return the data of the template."""
    pen, club, zone = _Pen(config), config.club, config.time_zone
    order = facts.purchase if isinstance(facts.purchase, OrderFacts) else None
    terms = None if order is None else order.terms
    title = pen.said("title")
    return {
        "lang": club.locale,
        "document_title": f"{title}: {_subject(pen, facts)}",
        "club": breakable(club.name),
        "primary": club.primary,
        "on_primary": ink_on(club.primary),
        "title": title,
        "subject": _subject(pen, facts),
        "summary": breakable(_summary(pen, facts, config)),
        "footer": " · ".join(breakable(part) for part in (club.name, config.house_address) if part),
        "sections": [
            _dispute(pen, facts, zone),
            _payment(pen, facts, zone),
            *(_of_top_up(pen, facts.purchase, zone) if isinstance(facts.purchase, TopUpFacts) else ()),
            *(() if order is None else _of_order(pen, order)),
            _section(
                pen,
                "buyer",
                [("name", pen.known(facts.buyer.name)), ("email", pen.known(facts.buyer.email))],
            ),
            _emails(pen, facts, zone),
            *(() if order is None else (_terms(pen, order.terms, order.zone),)),
            _sign_ins(pen, facts.sign_ins, zone),
        ],
        "annex": None if terms is None else _annex(pen, terms),
    }


class _Pen:
    """Formatting of texts, times and amounts in the language of the operator."""

    def __init__(self, config: Config) -> None:
        self._lang: LanguageTag = config.club.locale
        self._messages = messages(self._lang, "paper.evidence", dict[str, str])
        self._tariffs = messages(self._lang, "paper.tariffs", dict[str, str])
        self._formats = formats_of(self._lang)
        self._currency = config.currency

    def said(self, name: str, /, **values: object) -> str:
        """Return a text by name."""
        return self._messages[name].format(**values)

    def named(self, prefix: str, code: str) -> str:
        """Return the text of a code; the code in words if it has none, as a provider may add some."""
        return self._messages.get(f"{prefix}_{code}") or code.replace("_", " ")

    def tariff(self, tariff: str) -> str:
        """Return the name of a tariff."""
        return self._tariffs[tariff]

    def known(self, text: str | None) -> str:
        """Return a text without control characters, or that it is not recorded."""
        return breakable(plain(text)) if text and text.strip() else self.said("not_recorded")

    def localised(self, text: LocalisedText | None) -> str:
        """Return a localised text."""
        return self.known(None if text is None else text_in(text, self._lang, self._lang))

    def money(self, cents: Cents) -> str:
        """Return an amount."""
        return self._currency.format(cents, self._formats)

    def moment(self, at: datetime | None, zone: ZoneInfo) -> str:
        """Return a time with its offset from UTC, or that it is not recorded."""
        if at is None:
            return self.said("not_recorded")
        local = at.astimezone(zone)
        offset = f"{local:%z}"
        return f"{format_datetime(local, 'medium', tzinfo=zone, locale=self._formats)} UTC{offset[:3]}:{offset[3:5]}"

    def place(self, label: PlaceLabel) -> str:
        """Return the name of a seat or a standing area."""
        if label.area is not None:
            return self.said("area", name=self.localised(label.area_name or {"en": label.area}))
        return self.said("seat", block=label.block, row=label.row, seat=label.seat)


def _section(
    pen: _Pen,
    title: str,
    facts: Sequence[tuple[str, str]] = (),
    *,
    columns: Sequence[tuple[str, float]] = (),
    rows: Sequence[Sequence[str]] = (),
    right: Sequence[int] = (),
    note: str = "",
) -> dict[str, Any]:
    """Return a part of the document: facts by name, and a table of columns with their widths."""
    return {
        "title": pen.said(f"section_{title}"),
        "facts": [[pen.said(name), value] for name, value in facts],
        "columns": [pen.said(name) for name, _ in columns],
        "widths": [width for _, width in columns],
        "rows": rows,
        "right": right,
        "note": note,
    }


def _subject(pen: _Pen, facts: DisputeFacts) -> str:
    if isinstance(facts.purchase, OrderFacts):
        return pen.said("subject_order", number=_number(facts.purchase), event=pen.localised(facts.purchase.event))
    return pen.said("subject_top_up", cents=pen.money(facts.payment.amount_cents))


def _summary(pen: _Pen, facts: DisputeFacts, config: Config) -> str:
    order = facts.purchase
    if isinstance(order, TopUpFacts):
        spent = -sum(move.cents for move in order.moves if move.cents < 0)
        at = pen.moment(facts.payment.settled_at, config.time_zone)
        return pen.said("summary_top_up", cents=pen.money(facts.payment.amount_cents), at=at, spent=pen.money(spent))
    used = {scan.ticket for scan in order.scans if scan.result in ADMITTED and not scan.withdrawn}
    return pen.said(
        "summary_order",
        number=_number(order),
        at=pen.moment(order.paid_at, order.zone),
        tickets=len(order.tickets),
        used=len(used),
        total=pen.money(order.total_cents),
    )


def _dispute(pen: _Pen, facts: DisputeFacts, zone: ZoneInfo) -> dict[str, Any]:
    dispute = facts.dispute
    return _section(
        pen,
        "dispute",
        [
            ("reason", pen.known(pen.named("reason", dispute.reason))),
            ("disputed", pen.money(dispute.amount_cents)),
            ("opened", pen.moment(dispute.opened_at, zone)),
            ("due", pen.moment(dispute.due_at, zone)),
            ("provider_dispute", pen.known(dispute.provider_ref)),
        ],
    )


def _payment(pen: _Pen, facts: DisputeFacts, zone: ZoneInfo) -> dict[str, Any]:
    payment = facts.payment
    return _section(
        pen,
        "payment",
        [
            ("amount", pen.money(payment.amount_cents if payment.captured_cents is None else payment.captured_cents)),
            ("paid", pen.moment(payment.settled_at, zone)),
            ("provider_payment", pen.known(payment.provider_ref)),
            ("payment_id", str(payment.id)),
        ],
        columns=(("refunded_at", 3), ("refund_state", 3), ("cents", 2)),
        rows=[
            [pen.moment(one.created_at, zone), _refund(pen, one, zone), pen.money(-one.amount_cents)]
            for one in facts.refunds
        ],
        right=(2,),
        note="" if facts.refunds else pen.said("no_refunds"),
    )


def _refund(pen: _Pen, refund: Refund, zone: ZoneInfo) -> str:
    if refund.failed_at is not None:
        return pen.said("refund_failed")
    if refund.done_at is None:
        return pen.said("refund_open")
    how = "refund_done" if refund.paid_by is PaidBy.PROVIDER else f"refund_{refund.paid_by}"
    return pen.said(how, at=pen.moment(refund.done_at, zone))


def _of_order(pen: _Pen, order: OrderFacts) -> Iterator[dict[str, Any]]:
    zone = order.zone
    yield _section(
        pen,
        "order",
        [
            ("number", _number(order)),
            ("ordered", pen.moment(order.ordered_at, zone)),
            ("paid", pen.moment(order.paid_at, zone)),
            ("event", pen.localised(order.event)),
            ("starts", pen.moment(order.starts_at, zone)),
            ("venue", pen.known(order.venue)),
            ("fee", pen.money(order.fee_cents)),
            ("total", pen.money(order.total_cents)),
        ],
    )
    yield _section(
        pen,
        "tickets",
        columns=(("place", 3), ("tariff", 2), ("holder", 3), ("form", 3), ("price", 2)),
        rows=[_ticket(pen, ticket) for ticket in order.tickets],
        right=(4,),
        note=pen.said("handed_on"),
    )
    yield _section(
        pen,
        "scans",
        columns=(("time", 4), ("place", 4), ("gate", 1), ("result", 4)),
        rows=[
            [
                pen.moment(scan.at, zone),
                pen.place(order.tickets[scan.ticket].label),
                local_code(scan.gate),
                _result(pen, scan),
            ]
            for scan in order.scans
        ],
        note="" if order.scans else pen.said("no_scans"),
    )


def _ticket(pen: _Pen, ticket: TicketFacts) -> list[str]:
    form = pen.said("not_recorded") if ticket.form is None else pen.said(f"form_{ticket.form}")
    states = [
        pen.said(name) for name, holds in (("refunded", ticket.refunded), ("suspended", ticket.suspended)) if holds
    ]
    return [
        pen.place(ticket.label),
        pen.tariff(ticket.tariff),
        pen.known(ticket.holder_name),
        ", ".join([form, *states]),
        pen.money(ticket.price_cents),
    ]


def _logged(pen: _Pen, order: OrderFacts, scan: ScanFacts) -> str:
    """Return a scan as a line of a log."""
    what = pen.said("scan_at", gate=local_code(scan.gate), result=_result(pen, scan))
    return f"{pen.moment(scan.at, order.zone)}: {pen.place(order.tickets[scan.ticket].label)}, {what}"


def _result(pen: _Pen, scan: ScanFacts) -> str:
    result = pen.named("scan", scan.result)
    if scan.reason is not None and scan.result == "refused":
        result = f"{result} ({pen.named('refused', scan.reason)})"
    return f"{result}, {pen.said('withdrawn')}" if scan.withdrawn else result


def _of_top_up(pen: _Pen, top_up: TopUpFacts, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    yield _section(
        pen,
        "moves",
        columns=(("time", 4), ("what", 4), ("where", 4), ("cents", 2)),
        rows=[_move(pen, move, zone) for move in top_up.moves[:MOVES_MAX]],
        right=(3,),
        note=pen.said("more_moves") if len(top_up.moves) > MOVES_MAX else "" if top_up.moves else pen.said("no_moves"),
    )


def _move(pen: _Pen, move: MoveFacts, zone: ZoneInfo) -> list[str]:
    at, what = pen.moment(move.at, zone), pen.named("move", move.purpose)
    return [at, what, pen.localised(move.place), pen.money(move.cents)]


def _emails(pen: _Pen, facts: DisputeFacts, zone: ZoneInfo) -> dict[str, Any]:
    return _section(
        pen,
        "emails",
        columns=(("time", 4), ("kind", 3), ("email_subject", 5), ("address", 4)),
        rows=[
            [
                f"{pen.moment(email.sent_at, zone)}, {pen.named('state', email.state)}",
                pen.named("email", email.kind.value),
                pen.known(email.subject),
                pen.known(email.to),
            ]
            for email in facts.emails
        ],
        note="" if facts.emails else pen.said("no_emails"),
    )


def _terms(pen: _Pen, terms: TermsFacts | None, zone: ZoneInfo) -> dict[str, Any]:
    if terms is None:
        return _section(pen, "terms", note=pen.said("no_terms"))
    return _section(
        pen,
        "terms",
        [
            ("accepted", pen.moment(terms.accepted_at, zone)),
            ("version", _version(pen, terms)),
            ("published", pen.moment(terms.published_at, zone)),
        ],
        note=pen.said("see_annex"),
    )


def _version(pen: _Pen, terms: TermsFacts) -> str:
    return pen.said("version_of", title=pen.known(terms.title), revision=terms.revision, language=terms.language)


def _annex(pen: _Pen, terms: TermsFacts) -> dict[str, Any]:
    paragraphs = []
    for block in re.split(r"\n\s*\n", terms.body.replace("\r\n", "\n")):
        lines = [plain(line) for line in block.split("\n")]
        text = " ".join(line for line in lines if line)
        if text:
            heading = _HEADING.match(text) is not None
            paragraphs.append(
                {"heading": heading, "text": breakable(_HEADING.sub("", text, count=1) if heading else text)}
            )
    return {"title": pen.said("section_annex"), "note": _version(pen, terms), "paragraphs": paragraphs}


def _sign_ins(pen: _Pen, sign_ins: Sequence[SignInFacts], zone: ZoneInfo) -> dict[str, Any]:
    return _section(
        pen,
        "sign_ins",
        columns=(("signed_in", 4), ("last_seen", 4), ("device", 4)),
        rows=[
            [pen.moment(one.opened_at, zone), pen.moment(one.last_seen_at, zone), pen.known(one.device)]
            for one in sign_ins
        ],
        note=pen.said("open_sessions") if sign_ins else pen.said("no_sign_ins"),
    )


def _number(order: OrderFacts) -> str:
    """Return the order code in the form shown to people: `ABCD-EFGH`."""
    return f"{order.code[:4]}-{order.code[4:]}"


def _lines_within(lines: Sequence[str], most: int) -> str:
    """Return the first lines that fit into a number of characters."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > most:
            break
        kept.append(line)
    return "\n".join(kept)
