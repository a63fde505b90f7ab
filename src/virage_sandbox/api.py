"""The API for merchants with a bearer key, and the payment pages for buyers."""

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from aiohttp import web
from babel.numbers import is_currency

from virage_sandbox import pages, wire
from virage_sandbox.appendfile import AppendFile
from virage_sandbox.bank import Account, Bank, Disputed, Entry, Moved
from virage_sandbox.cards import Card, Iban, find, find_iban, grouped
from virage_sandbox.outbox import Outbox
from virage_sandbox.pages import Form
from virage_sandbox.payouts import balance_of, entries_of, payouts
from virage_sandbox.readers import Behaviour, behaviour_of
from virage_sandbox.texts import language
from virage_sandbox.wire import Stage

LISTED_MAX = 1000
ENTRIES_MAX = 100
DEBITS_EVERY_S = 0.2
AMOUNT_CENTS_MAX = 100_000_000
FORM_TYPE = "application/x-www-form-urlencoded"

Body = TypeVar("Body", bound=msgspec.Struct)

_EXPIRY = re.compile(r"\s*(0[1-9]|1[0-2])\s*/?\s*(\d{2}|20\d{2})\s*")
_CVC = re.compile(r"\s*\d{3,4}\s*")
_STYLESHEET = Path(__file__).with_name("pay.css").read_bytes()
_FIXED: dict[str, Callable[[], web.Response]] = {
    "/healthz": partial(web.Response, body=b'{"status":"ok"}', content_type="application/json"),
    "/favicon.ico": partial(web.Response, status=204, headers={"cache-control": "max-age=86400"}),
    pages.STYLESHEET_PATH: partial(
        web.Response,
        body=_STYLESHEET,
        content_type="text/css",
        charset="utf-8",
        headers={"cache-control": "max-age=300"},
    ),
}
_card_payment = msgspec.json.Decoder(wire.CardPayment)
_encode = msgspec.json.Encoder().encode


class _Refusal(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class _AnswerLost(Exception):
    """The card pays, but the response to the buyer is lost."""


class Api:
    """Handles requests; changes are on the disk before they are answered."""

    def __init__(
        self,
        bank: Bank,
        file: AppendFile[Entry],
        outbox: Outbox,
        *,
        url: str,
        key: str,
        merchant: str,
        latency_s: float = 0.0,
    ) -> None:
        self._bank = bank
        self._file = file
        self._outbox = outbox
        self._url = url
        self._key = key.encode()
        self._merchant = merchant
        self._latency_s = latency_s
        self._posts: dict[str, Callable[[bytes], Awaitable[web.Response]]] = {
            "/v1/payments": self._create,
            "/v1/payments/lookup": self._look_up,
            "/v1/payments/cancel": self._cancel,
            "/v1/charges": self._charge_kept,
            "/v1/methods/forget": self._forget,
            "/v1/refunds": self._refund,
            "/v1/disputes/evidence": self._take_evidence,
            "/v1/readers": self._register_reader,
            "/v1/readers/states": self._reader_states,
            "/v1/readers/pay": self._pay_at_reader,
            "/v1/readers/present": self._present_cards,
            "/v1/payouts": self._payouts,
            "/v1/payouts/entries": self._payout_entries,
            "/v1/accounts": self._balances,
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer one request; to lose the answer, the connection is cut instead."""
        try:
            if request.path.startswith("/pay/"):
                return await self._pay(request)
            if request.path.startswith("/v1/"):
                return await self._shop(request)
        except _Refusal as refusal:
            return _json(wire.Fault(refusal.error), refusal.status)
        except _AnswerLost:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        fixed = _FIXED.get(request.path)
        return _json(wire.Fault("not_found"), 404) if fixed is None else fixed()

    async def end_debits(self) -> None:
        """Pay or refuse debits, and take cards at readers, when their time has come, until the process ends."""
        while True:
            await asyncio.sleep(DEBITS_EVERY_S)
            if self._bank.at_readers:
                await self._keep(self._bank.take_cards(time.time()))
            if self._bank.debits:
                await self._keep(self._bank.end_debits(time.time()))

    async def _shop(self, request: web.BaseRequest) -> web.Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode("utf-8", "replace")
        if not self._key or not hmac.compare_digest(given, self._key):
            raise _Refusal(401, "unauthenticated")
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        if request.method == "GET" and request.path == "/v1/payments":
            return await self._list(request)
        act = self._posts.get(request.path)
        if act is None or request.method != "POST":
            raise _Refusal(404, "not_found")
        return await act(await request.read())

    async def _create(self, body: bytes) -> web.Response:
        asked = _parsed(body, wire.NewPayments)
        entries = []
        answers = []
        for payment in asked.payments:
            if not _is_payable(payment):
                answers.append(wire.Page(payment.id, error="invalid"))
                continue
            entry = self._bank.open(payment)
            if entry is not None:
                entries.append(entry)
            if self._bank.is_same(payment):
                answers.append(wire.Page(payment.id, f"{self._url}/pay/{payment.id}"))
            else:
                answers.append(wire.Page(payment.id, error="id_taken"))
        await self._file.append(entries)
        return _json(wire.Pages(answers))

    async def _look_up(self, body: bytes) -> web.Response:
        accounts = self._known(_parsed(body, wire.Ids).ids)
        await self._file.append(())  # an answer must not be undone by a crash
        return _json(wire.Statuses([account.status for account in accounts]))

    async def _cancel(self, body: bytes) -> web.Response:
        accounts = self._known(_parsed(body, wire.Ids).ids)
        moves = [self._bank.end(account, Stage.EXPIRED, time.time()) for account in accounts]
        await self._keep([move for move in moves if move is not None])
        return _json(wire.Statuses([account.status for account in accounts]))

    async def _charge_kept(self, body: bytes) -> web.Response:
        asked = _parsed(body, wire.NewCharges).charges
        if not all(0 < charge.amount_cents <= AMOUNT_CENTS_MAX and is_currency(charge.currency) for charge in asked):
            raise _Refusal(400, "invalid")
        entries = [entry for charge in asked for entry in self._bank.charge(charge, time.time())]
        moves = [entry for entry in entries if isinstance(entry, Moved)]
        await self._file.append(entries)
        self._owe(moves)
        if any(_loses_answer(move) for move in moves):
            raise _AnswerLost
        return _json(wire.Statuses([account.status for account in self._known([charge.id for charge in asked])]))

    async def _forget(self, body: bytes) -> web.Response:
        ids = _parsed(body, wire.Ids).ids
        await self._file.append([self._bank.forget(ids)])
        return _json(wire.Ids(ids))

    async def _refund(self, body: bytes) -> web.Response:
        tried = [self._bank.refund(refund, time.time()) for refund in _parsed(body, wire.NewRefunds).refunds]
        await self._file.append([entry for _, entry in tried if entry is not None])
        return _json(wire.RefundStatuses([status for status, _ in tried]))

    async def _take_evidence(self, body: bytes) -> web.Response:
        status, entry = self._bank.take_evidence(_parsed(body, wire.NewEvidence), time.time())
        await self._dispute([] if entry is None else [entry])
        return _json(status)

    async def _register_reader(self, body: bytes) -> web.Response:
        asked = _parsed(body, wire.NewReader)
        if behaviour_of(asked.code) is None or "/" in asked.code:
            return _json(wire.ReaderStates([]))
        return _json(wire.ReaderStates([self._reader(f"{asked.code}/{asked.id}")]))

    async def _reader_states(self, body: bytes) -> web.Response:
        refs = _parsed(body, wire.ReaderRefs).refs
        return _json(wire.ReaderStates([self._reader(ref) for ref in refs if behaviour_of(ref) is not None]))

    def _reader(self, ref: str) -> wire.ReaderState:
        return wire.ReaderState(ref, behaviour_of(ref) is not Behaviour.OFFLINE, self._bank.is_busy(ref))

    async def _pay_at_reader(self, body: bytes) -> web.Response:
        asked = _parsed(body, wire.NewReaderPayment)
        if not 0 < asked.amount_cents <= AMOUNT_CENTS_MAX or not is_currency(asked.currency):
            raise _Refusal(400, "invalid")
        entry = self._bank.hand_to_reader(asked, time.time())
        if isinstance(entry, str):
            return _json(wire.ReaderAnswer(error=entry))
        await self._file.append([] if entry is None else [entry])
        account = self._bank.accounts[asked.id]
        if (account.amount_cents, account.reader) != (asked.amount_cents, asked.reader):
            return _json(wire.ReaderAnswer(error="id_taken"))
        return _json(wire.ReaderAnswer(account.status))

    async def _present_cards(self, body: bytes) -> web.Response:
        """Present a card at each of these readers, as a customer would; also at one that waits for ever."""
        refs = _parsed(body, wire.ReaderRefs).refs
        await self._keep(self._bank.take_cards(time.time(), refs))
        return _json(wire.ReaderStates([self._reader(ref) for ref in refs]))

    async def _payouts(self, body: bytes) -> web.Response:
        asked = _parsed(body, wire.PayoutsSince)
        await self._file.append(())
        return _json(wire.Payouts(payouts(self._bank, asked.since, datetime.now(UTC), asked.account)))

    async def _balances(self, body: bytes) -> web.Response:
        refs = _parsed(body, wire.Refs).refs
        await self._file.append(())
        now = datetime.now(UTC)
        found = [wire.AccountBalance(ref, balance_of(self._bank, ref, now)) for ref in refs]
        return _json(wire.AccountBalances(found))

    async def _payout_entries(self, body: bytes) -> web.Response:
        asked = _parsed(body, wire.EntriesOf)
        await self._file.append(())
        found = [entry for entry in entries_of(self._bank, asked.payout_id) if entry.id > (asked.after or "")]
        return _json(wire.PayoutEntries(found[:ENTRIES_MAX], len(found) > ENTRIES_MAX))

    async def _list(self, request: web.BaseRequest) -> web.Response:
        query = request.query
        try:
            state = Stage(query["state"]) if "state" in query else None
            after = UUID(query["after"]) if "after" in query else None
        except ValueError as failure:
            raise _Refusal(400, "invalid") from failure
        await self._file.append(())
        accounts = self._bank.listed(state, after)
        shown = [account.status for account, _ in zip(accounts, range(LISTED_MAX), strict=False)]
        return _json(wire.Statuses(shown, shown[-1].id if len(shown) == LISTED_MAX else None))

    def _known(self, ids: Sequence[UUID]) -> list[Account]:
        return [self._bank.accounts[one] for one in ids if one in self._bank.accounts]

    async def _keep(self, moves: Sequence[Moved]) -> None:
        """Store state changes, then queue their events for the merchant."""
        await self._file.append(moves)
        self._owe(moves)

    async def _dispute(self, entries: Sequence[Disputed]) -> None:
        """Store what happened to disputes, then queue the events for the merchant."""
        await self._file.append(entries)
        for entry in entries:
            self._outbox.add(entry.event, entry.due_s)

    def _owe(self, moves: Sequence[Moved]) -> None:
        for move in moves:
            if move.copies:
                self._outbox.add(move.event, move.due_s, move.copies)

    async def _pay(self, request: web.BaseRequest) -> web.Response:
        account = self._account(request.path)
        content_type = request.headers.get("content-type", "")
        if request.method == "POST" and not content_type.startswith(FORM_TYPE):
            if account is None:
                raise _Refusal(404, "not_found")
            return await self._pay_by_program(account, await request.read())
        lang = language(request.query.get("lang", ""), request.headers.get("accept-language", ""))
        if account is None:
            return pages.missing_page(lang)
        if request.method == "POST":
            return await self._pay_by_form(account, await request.read(), lang)
        if request.method != "GET":
            raise _Refusal(405, "method_not_allowed")
        await self._file.append(())
        chosen = find(request.query.get("card", "")) or self._bank.offered(account)
        values = {"card": grouped(chosen), **pages.FILLED} if chosen is not None else {}
        if (iban := find_iban(request.query.get("iban", ""))) is not None:
            values = {"iban": grouped(iban)}
        return pages.stage_page(account, account.merchant or self._merchant, lang, Form(values))

    def _account(self, path: str) -> Account | None:
        try:
            account = self._bank.accounts.get(UUID(path[len("/pay/") :]))
        except ValueError:
            return None
        return None if account is None or account.reader is not None else account

    async def _pay_by_program(self, account: Account, body: bytes) -> web.Response:
        try:
            payment = _card_payment.decode(body)
        except msgspec.DecodeError as failure:
            raise _Refusal(400, "invalid") from failure
        if payment.iban is not None:
            iban = find_iban(payment.iban)
            if iban is None or not account.debit:
                raise _Refusal(422, "iban_unknown")
            await self._debit(account, iban)
            return _json(wire.CardAnswer(account.state, pages.return_address(account), account.reason))
        card = find(payment.card)
        if card is None:
            raise _Refusal(422, "card_unknown")
        move = await self._charge(account, card)
        if account.state is Stage.CHALLENGED and payment.code is not None:
            await self._answer_challenge(account, payment.code)
        if _loses_answer(move):
            raise _AnswerLost
        return _json(wire.CardAnswer(account.state, pages.return_address(account), account.reason))

    async def _pay_by_form(  # noqa: C901 - one branch for each form
        self, account: Account, body: bytes, lang: str
    ) -> web.Response:
        try:
            values = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
        except ValueError as failure:
            raise _Refusal(400, "invalid") from failure
        if "cancel" in values:
            move = self._bank.end(account, Stage.CANCELLED, time.time())
            await self._keep([move] if move is not None else [])
        elif account.state is Stage.CHALLENGED:
            await self._answer_challenge(account, values.get("code", ""))
            if account.state is Stage.CHALLENGED:
                return pages.challenge_page(account, account.merchant or self._merchant, lang, Form({}, ("code",)))
        elif account.state is Stage.OPEN and account.debit and "iban" in values:
            if (iban := find_iban(values["iban"])) is None:
                return pages.card_page(account, account.merchant or self._merchant, lang, Form(values, ("iban",)))
            await self._debit(account, iban)
        elif account.state is Stage.OPEN:
            card = find(values.get("card", ""))
            wrong = _wrong_fields(card, values)
            if card is None or wrong:
                return pages.card_page(account, account.merchant or self._merchant, lang, Form(values, wrong))
            move = await self._charge(account, card)
            if move is not None and move.event.state is Stage.CHALLENGED:
                return pages.back_to_page(account.id, lang)
            if _loses_answer(move):
                raise _AnswerLost
        return pages.back_to_shop(account)

    async def _charge(self, account: Account, card: Card) -> Moved | None:
        move = self._bank.pay(account, card, time.time())
        await self._keep([move] if move is not None else [])
        if move is not None and card is Card.DISPUTED and account.captured_cents:
            await self._dispute([self._bank.dispute(account, time.time())])
        return move

    async def _debit(self, account: Account, iban: Iban) -> None:
        move = self._bank.start_debit(account, iban, time.time())
        await self._keep([move] if move is not None else [])

    async def _answer_challenge(self, account: Account, code: str) -> None:
        move = self._bank.answer_challenge(account, code, time.time())
        await self._keep([move] if move is not None else [])


def _is_payable(payment: wire.NewPayment) -> bool:
    amount_right = payment.amount_cents == 0 if payment.keeps else 0 < payment.amount_cents <= AMOUNT_CENTS_MAX
    if not 0 <= payment.application_fee_cents <= (payment.amount_cents if payment.account is not None else 0):
        return False
    return amount_right and is_currency(payment.currency) and payment.return_url.startswith(("http://", "https://"))


def _loses_answer(move: Moved | None) -> bool:
    """Return whether to lose the answer: only that of the capture; later requests are answered."""
    return move is not None and move.card is Card.ANSWER_LOST


def _wrong_fields(card: Card | None, values: dict[str, str]) -> tuple[str, ...]:
    """Return the fields to correct, in the order of the page."""
    right = {
        "card": card is not None,
        "expiry": _EXPIRY.fullmatch(values.get("expiry", "")) is not None,
        "cvc": _CVC.fullmatch(values.get("cvc", "")) is not None,
    }
    return tuple(name for name, is_right in right.items() if not is_right)


def _parsed(body: bytes, body_type: type[Body]) -> Body:
    try:
        return msgspec.json.decode(body, type=body_type)
    except msgspec.DecodeError as failure:
        raise _Refusal(400, "invalid") from failure


def _json(body: msgspec.Struct, status: int = 200) -> web.Response:
    return web.Response(body=_encode(body), status=status, content_type="application/json")
