"""A stand-in for Stripe on this machine: Checkout, PaymentIntents, customers, refunds, disputes, signed events.

It answers as the API of `stripe_provider.API_VERSION` does for what Virage asks, refuses what the API refuses (another
version, a wrong key, an idempotency key with other parameters, more refunds than were captured, calls above a rate),
and sends events until they are taken. `python -m tests.money.payments.stripe_standin PORT WEBHOOK_URL` runs one.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import math
import re
import secrets
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import msgspec
import uvloop
from aiohttp import web

from tests.money.payments.stripe_balance import StripeBalance
from tests.money.payments.stripe_connect import StripeConnect, requirements
from tests.money.payments.stripe_standin_readers import StandinReaders
from virage.money.payments.stripe_provider import ACCOUNT_EVENTS, API_VERSION, CHARGE_EVENT, DEBIT_EVENTS, EVENTS
from virage.money.payments.stripe_readers import READER_EVENTS

KEY: Final = "sk_test_of_the_tests"
WEBHOOK_SECRET: Final = "whsec_the_secret_of_the_tests_webhooks"
HEADERS: Final = {"authorization": f"Bearer {KEY}", "stripe-version": API_VERSION}
ACCEPTED, DECLINED, INSUFFICIENT, CHALLENGED, LATER_DECLINED, DISPUTED = (
    "4242424242424242",
    "4000000000000002",
    "4000000000009995",
    "4000002760003184",
    "4000000000000341",
    "4000000000000259",
)
CODE: Final = "1234"
"""What the bank of a challenged card wants to read."""
PAYS, REFUSES = "FR1420041010050500013M02606", "FR8420041010050500013M02607"
"""Test accounts whose banks pay a debit, and refuse it."""
OWN_EVENTS: Final = (*EVENTS, *DEBIT_EVENTS, *READER_EVENTS, CHARGE_EVENT)
"""The kinds of events that the endpoint of the own account is sent."""
CONNECTED_EVENTS: Final = (*EVENTS, *DEBIT_EVENTS, *ACCOUNT_EVENTS)
"""Those that the endpoint for connected accounts is sent."""
CENTS_MIN: Final = 50
FILE_BYTES_MAX: Final = 5_000_000
_DECLINES: Final = {DECLINED: "generic_decline", INSUFFICIENT: "insufficient_funds"}
_LATER: Final = {LATER_DECLINED: "generic_decline", CHALLENGED: "authentication_required", **_DECLINES}
_PART: Final = re.compile(r"[^\[\]]+")
Json = dict[str, Any]
Handler = Callable[[web.Request, Json], Json]


class Refusal(Exception):
    """An error of the API."""

    def __init__(self, status: int, kind: str, code: str | None = None, **more: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.error = {"type": kind, "code": code, "message": code or kind} | more


class StripeStandin:
    """The account and its objects. A test sets how it fails."""

    def __init__(self, webhook_url: str = "") -> None:
        self.url = ""
        self.webhook_url = webhook_url
        self.webhook_secret = WEBHOOK_SECRET
        self.latency_s = 0.0
        self.headers: dict[str, str] = {}
        """Headers of the last request."""
        self.calls_per_s: int | None = None
        self.away = False
        self.answers_lost = 0
        """So many next answers are lost, after the request was executed."""
        self.answers_lost_of = "/v1/"
        """Only answers of addresses that contain this are lost, or wait."""
        self.answers_wait: asyncio.Event | None = None
        """Answers wait for it, after the request was executed; `waiting` counts them."""
        self.requests_wait: asyncio.Event | None = None
        """As `answers_wait`, but before the request is executed."""
        self.search_lags = False
        """The index of the search does not know what was created within the last minute."""
        self.waiting = 0
        self.intents_refused: Refusal | None = None
        """How new PaymentIntents for readers are refused."""
        self.events_sent = 1
        """How often each event is sent; 0: never."""
        self.api_version = API_VERSION
        """The version of the webhook endpoint's events."""
        self.charged_in: str | None = None
        """Another currency that pages charge in."""
        self.refunds_are = "succeeded"
        """The status of new refunds: `pending` and `failed` are others."""
        self.account: Json = {
            "id": "acct_1",
            "object": "account",
            "charges_enabled": True,
            "payouts_enabled": True,
            "default_currency": "eur",
            "capabilities": {"card_payments": "active", "sepa_debit_payments": "active"},
        }
        self.endpoints: list[Json] = []
        self.not_permitted: frozenset[str] = frozenset()
        """Parts of the API, such as `refunds`, that the key must not use."""
        self.objects_not_written: frozenset[str] = frozenset()
        """Parts of the API that the key may only read."""
        self.calls = self.limited = 0
        self.objects: dict[str, Json] = {}
        self.connect = StripeConnect(self.objects)
        self.balance = self.connect.balances[None]
        self.readers = StandinReaders(self, Refusal)
        self.refunds_refused: str | None = None
        """The code with which new refunds are refused, such as `balance_insufficient`."""
        self._keys: dict[tuple[str | None, str], tuple[bytes, int, Json]] = {}
        self._recent: deque[float] = deque()
        self._sending: set[asyncio.Task[None]] = set()
        self._client: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        app = web.Application(client_max_size=FILE_BYTES_MAX)
        routes: dict[str, Handler] = {
            "POST /v1/checkout/sessions": self._create_session,
            "GET /v1/checkout/sessions/{id}": self._get_session,
            "POST /v1/checkout/sessions/{id}/expire": self._expire_session,
            "POST /v1/payment_intents": self._create_intent,
            "GET /v1/payment_intents": lambda _request, params: self._page_of("payment_intent", params),
            "GET /v1/payment_intents/search": self._search_intents,
            "GET /v1/payment_intents/{id}": self._get_intent,
            "POST /v1/payment_intents/{id}/cancel": self._cancel_intent,
            "POST /v1/refunds": self._create_refund,
            "GET /v1/disputes/{id}": self._get_dispute,
            "POST /v1/disputes/{id}": self._update_dispute,
            "POST /v1/files": self._create_file,
            "GET /v1/refunds/{id}": lambda request, _: self._of("refund", request.match_info["id"]),
            "GET /v1/refunds": lambda _request, params: self._page_of("refund", params),
            "DELETE /v1/customers/{id}": self._delete_customer,
            "GET /v1/payouts": self._list_payouts,
            "GET /v1/balance_transactions": self._list_transactions,
            "GET /v1/balance": self.connect.balance,
            "GET /v1/account": lambda _request, _: self.account,
            "GET /v1/accounts": self.connect.listed,
            "POST /v1/accounts": self.connect.create,
            "GET /v1/accounts/{id}": self._get_account,
            "POST /v1/account_links": self._create_account_link,
            "GET /v1/application_fees/{id}": lambda request, _: self._of("application_fee", request.match_info["id"]),
            "GET /v1/charges/{id}": lambda request, _: self._of("charge", request.match_info["id"]),
            "GET /v1/webhook_endpoints": lambda _request, _: {"object": "list", "data": self.endpoints, "url": "/v1"},
        }
        for route, handler in (routes | self.readers.routes).items():
            method, _, path = route.partition(" ")
            app.router.add_route(method, path, self._api(handler))
        app.router.add_get("/c/pay/{id}", self._show_page)
        app.router.add_post("/c/pay/{id}", self._pay)
        app.router.add_post("/debits/end", self._end_debits)
        app.router.add_get("/setup/{id}", self._show_form)
        app.router.add_post("/setup/{id}", self._complete_form)
        self._client = aiohttp.ClientSession()
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and sending."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        assert self._runner is not None
        assert self._client is not None
        await self._runner.cleanup()
        await self._client.close()

    def forget_keys(self) -> None:
        """Forget the idempotency keys, as Stripe does after a day."""
        self._keys.clear()

    # --- the API -----------------------------------------------------------------------------------------------------

    def _api(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls += 1
            await asyncio.sleep(self.latency_s)
            if self.away:
                return web.Response(status=503)
            is_held = request.method != "GET" and self.answers_lost_of in request.path
            if self.requests_wait and is_held:
                self.waiting += 1
                await self.requests_wait.wait()
            try:
                params = nested(request.query if request.method == "GET" else await request.post())
                status, answer = self._answer(handler, request, params)
            except Refusal as refusal:
                status, answer = refusal.status, {"error": refusal.error}
            except ConnectionError:
                return web.Response(status=503)
            if self.answers_wait and is_held:
                self.waiting += 1
                await self.answers_wait.wait()
            if self.answers_lost and is_held:
                self.answers_lost -= 1
                assert request.transport is not None
                request.transport.abort()
            headers = {"request-id": f"req_{secrets.token_hex(7)}", "content-type": "application/json"}
            return web.Response(body=msgspec.json.encode(answer), status=status, headers=headers)

        return handle

    def _answer(self, handler: Handler, request: web.Request, params: Json) -> tuple[int, Json]:
        self.headers = dict(request.headers)
        if request.headers.get("authorization") != HEADERS["authorization"]:
            raise Refusal(401, "invalid_request_error", "api_key_invalid")
        if request.headers.get("stripe-version") != HEADERS["stripe-version"]:
            raise Refusal(400, "invalid_request_error", "api_version_invalid")
        part = request.path.split("/")[2]
        if part in self.not_permitted or (request.method != "GET" and part in self.objects_not_written):
            raise Refusal(403, "invalid_request_error", "more_permissions_required")
        account = request.headers.get("stripe-account")
        if not self.connect.knows(account):
            raise Refusal(403, "invalid_request_error", "account_invalid")
        self._limit()
        with self.connect.on(account):
            return self._handled(handler, request, params)

    def _handled(self, handler: Handler, request: web.Request, params: Json) -> tuple[int, Json]:
        sent = request.headers.get("idempotency-key")
        if sent is None or request.method != "POST":
            return 200, handler(request, params)
        key = (self.connect.current, sent)
        digest = msgspec.json.encode([request.path, params], order="sorted")
        if key in self._keys:
            known, status, answer = self._keys[key]
            if known != digest:
                raise Refusal(400, "idempotency_error")
            return status, answer
        try:
            status, answer = 200, handler(request, params)
        except Refusal as refusal:
            if "param" in refusal.error:  # a parameter is invalid: the request was not executed
                raise
            status, answer = refusal.status, {"error": refusal.error}
        self._keys[key] = (digest, status, _copy(answer))
        return status, answer

    def _limit(self) -> None:
        if self.calls_per_s is None:
            return
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.calls_per_s:
            self.limited += 1
            raise Refusal(429, "invalid_request_error", "rate_limit")
        self._recent.append(now)

    def _of(self, kind: str, id_: str) -> Json:
        found = self.objects.get(id_)
        if found is None or found["object"] != kind or not self.connect.owns(found, self.connect.current):
            raise Refusal(404, "invalid_request_error", "resource_missing")
        return found

    def _made(self, prefix: str, kind: str, **fields: Any) -> Json:
        id_ = f"{prefix}_{secrets.token_hex(12)}"
        mode = {} if kind in ("refund", "fee_refund") else {"livemode": False}
        self.objects[id_] = {"id": id_, "object": kind, "created": int(time.time())} | mode | fields
        self.connect.owners[id_] = self.connect.current
        return self.objects[id_]

    def _create_session(self, _request: web.Request, params: Json) -> Json:
        pays = params["mode"] == "payment"
        item = params["line_items"][0] if pays else None
        session = self._made(
            "cs_test",
            "checkout.session",
            mode=params["mode"],
            status="open",
            payment_status="unpaid" if pays else "no_payment_required",
            amount_total=int(item["price_data"]["unit_amount"]) * int(item["quantity"]) if item else None,
            currency=item["price_data"]["currency"] if item else None,
            client_reference_id=params["client_reference_id"],
            metadata=params["metadata"],
            payment_method_types=params["payment_method_types"],
            success_url=params["success_url"],
            cancel_url=params["cancel_url"],
            expires_at=int(time.time()) + 86_400,
            payment_intent=None,
            setup_intent=None,
            customer=params.get("customer"),
        )
        if "customer" in params:
            self._of("customer", params["customer"])
        fee = int((params.get("payment_intent_data") or {}).get("application_fee_amount", 0))
        if fee and (self.connect.current is None or fee > session["amount_total"]):
            raise Refusal(400, "invalid_request_error", param="payment_intent_data[application_fee_amount]")
        if not self._merchant_account["charges_enabled"]:
            raise Refusal(400, "invalid_request_error", "account_invalid")
        self._private(session)["merchant"] = item["price_data"]["product_data"]["name"] if item else ""
        session["url"] = f"{self.url}/c/pay/{session['id']}"
        session["locale"] = "auto"
        self._private(session)["data"] = params.get("payment_intent_data") or params.get("setup_intent_data")
        return session

    @property
    def _merchant_account(self) -> Json:
        current = self.connect.current
        return self.account if current is None else self.connect.accounts[current]

    @property
    def _balance(self) -> StripeBalance:
        return self.connect.balances[self.connect.current]

    def _list_payouts(self, request: web.Request, params: Json) -> Json:
        return self._balance.list_payouts(request, params)

    def _list_transactions(self, request: web.Request, params: Json) -> Json:
        return self._balance.list_transactions(request, params)

    def _get_account(self, request: web.Request, _params: Json) -> Json:
        id_ = request.match_info["id"]
        if not self.connect.knows(id_):
            raise Refusal(403, "invalid_request_error", "account_invalid")
        return self.connect.accounts[id_]

    def _create_account_link(self, _request: web.Request, params: Json) -> Json:
        if params["type"] != "account_onboarding":
            raise Refusal(400, "invalid_request_error", param="type")
        if not self.connect.knows(params["account"]):
            raise Refusal(403, "invalid_request_error", "account_invalid")
        id_ = secrets.token_hex(12)
        self.objects[id_] = {"object": "private"} | params
        url, now = f"{self.url}/setup/{id_}", int(time.time())
        return {"object": "account_link", "created": now, "expires_at": now + 300, "url": url}

    async def _show_form(self, request: web.Request) -> web.Response:
        """The form of an account link, which works once."""
        if request.match_info["id"] not in self.objects:
            return web.Response(status=410)
        page = """<!doctype html><html lang="en"><title>Onboarding</title><h1>Your business</h1>
            <form method="post"><button>Submit</button></form></html>"""
        return web.Response(text=page, content_type="text/html")

    async def _complete_form(self, request: web.Request) -> web.Response:
        link = self.objects.pop(request.match_info["id"])
        self.complete_account(link["account"])
        raise web.HTTPSeeOther(link["return_url"])

    def complete_account(self, ref: str, **changes: Any) -> None:
        """Change an account, by default to one that may charge and pay out, and send its event."""
        ready = {"charges_enabled": True, "payouts_enabled": True, "requirements": requirements()}
        account = self.connect.accounts[ref]
        account |= changes or ready
        self.connect.owners[ref] = ref
        self._send("account.updated", account)

    def _private(self, of: Json) -> Json:
        """What Stripe does not show of an object."""
        return self.objects.setdefault(f"private {of['id']}", {"object": "private"})

    def _get_session(self, request: web.Request, params: Json) -> Json:
        session = dict(self._of("checkout.session", request.match_info["id"]))
        if "payment_intent" in params.get("expand", []) and session["payment_intent"]:
            session["payment_intent"] = self.objects[session["payment_intent"]]
        if "setup_intent.payment_method" in params.get("expand", []) and session["setup_intent"]:
            intent = dict(self.objects[session["setup_intent"]])
            session["setup_intent"] = intent | {"payment_method": self.objects[intent["payment_method"]]}
        return session

    def _expire_session(self, request: web.Request, _params: Json) -> Json:
        session = self._of("checkout.session", request.match_info["id"])
        if session["status"] != "open":
            raise Refusal(400, "invalid_request_error", None)
        session |= {"status": "expired", "url": None}
        self._send("checkout.session.expired", session)
        return session

    def _create_intent(self, _request: web.Request, params: Json) -> Json:
        if int(params["amount"]) < CENTS_MIN:
            raise Refusal(400, "invalid_request_error", "amount_too_small")
        if params["payment_method_types"] == ["card_present"]:
            if self.intents_refused is not None:
                raise self.intents_refused
            intent = self._intent(int(params["amount"]), params["currency"], params["metadata"])
            intent |= {"status": "requires_payment_method", "payment_method_types": ["card_present"]}
            return intent
        card = self.objects.get(params["payment_method"])
        if card is None or card["customer"] != params["customer"]:
            raise Refusal(404, "invalid_request_error", "resource_missing")
        intent = self._intent(int(params["amount"]), params["currency"], params["metadata"])
        intent |= {"customer": params["customer"], "payment_method": card["id"]}
        self._private(intent)["number"] = self._private(card)["number"]
        reason = None if self._private(card).get("confirmed") else _LATER.get(self._private(card)["number"])
        if reason is None:
            self._capture(intent)
            return intent
        code = "authentication_required" if reason == "authentication_required" else "card_declined"
        error = {"type": "card_error", "code": code, "decline_code": reason, "message": reason}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self._send("payment_intent.payment_failed", intent)
        raise Refusal(402, "card_error", code, decline_code=reason, payment_intent=intent)

    def _get_intent(self, request: web.Request, params: Json) -> Json:
        intent = self._of("payment_intent", request.match_info["id"])
        if "latest_charge" not in params.get("expand", []) or intent["status"] != "succeeded":
            return intent
        number = self._private(intent).get("number")
        card = {"last4": number[-4:], "fingerprint": f"fp{hash(number)}"} if number else None
        details = {"type": "card", "card": card} if card else {"type": "sepa_debit", "sepa_debit": {"last4": "2606"}}
        return intent | {"latest_charge": {"id": "ch_1", "object": "charge", "payment_method_details": details}}

    def _intent(self, amount: int, currency: str, metadata: Json) -> Json:
        return self._made(
            "pi",
            "payment_intent",
            amount=amount,
            amount_received=0,
            currency=currency,
            status="requires_confirmation",
            metadata=metadata,
            customer=None,
            payment_method=None,
            last_payment_error=None,
            payment_method_types=["card"],
            capture_method="automatic",
            application_fee_amount=None,
        )

    def _capture(self, intent: Json) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        self._take_fee(intent)
        self._send("payment_intent.succeeded", intent)

    def _take_fee(self, intent: Json) -> None:
        """Make the charge of a payment on a connected account, and the operator's fee of it."""
        account = self.connect.owners.get(intent["id"])
        if account is None:
            return
        with self.connect.on(account):
            charge = self._made("ch", "charge", payment_intent=intent["id"], metadata=intent["metadata"])
        intent["latest_charge"] = charge["id"]
        if intent["application_fee_amount"]:
            with self.connect.on(None):
                self._made(
                    "fee",
                    "application_fee",
                    account=account,
                    amount=intent["application_fee_amount"],
                    amount_refunded=0,
                    charge=charge["id"],
                    currency=intent["currency"],
                )

    def _return_fee(self, refund: Json, intent: Json, before: int) -> None:
        """Give back the part of the fee that a refund is of its charge."""
        found = [one for one in self.objects.values() if one["object"] == "application_fee"]
        fee = next(one for one in found if one["charge"] == intent["latest_charge"])
        returned = fee["amount"] * (before + refund["amount"]) // intent["amount_received"] - fee["amount_refunded"]
        fee["amount_refunded"] += returned
        with self.connect.on(None):
            made = self._made(
                "fr", "fee_refund", amount=returned, currency=refund["currency"], fee=fee["id"], metadata={}
            )
        self.objects[f"fee refund of {refund['id']}"] = {"object": "private", "amount": made["amount"]}

    def _cancel_intent(self, request: web.Request, _params: Json) -> Json:
        intent = self._of("payment_intent", request.match_info["id"])
        if intent["status"] in ("succeeded", "canceled"):
            raise Refusal(400, "invalid_request_error", "payment_intent_unexpected_state")
        intent |= {"status": "canceled"}
        return intent

    def _search_intents(self, _request: web.Request, params: Json) -> Json:
        name, value = re.fullmatch(r"metadata\['(\w+)'\]:'([\w-]+)'", params["query"]).groups()  # type: ignore[union-attr]  # a query of another form fails here
        new = int(time.time()) - 60 if self.search_lags else math.inf
        intents = [one for one in self._own() if one["object"] == "payment_intent" and one["created"] < new]
        found = [one for one in intents if one["metadata"].get(name) == value]
        return {"object": "search_result", "data": found, "has_more": False, "next_page": None, "url": "/v1"}

    def _own(self) -> list[Json]:
        return [one for one in self.objects.values() if self.connect.owns(one, self.connect.current)]

    def _create_refund(self, _request: web.Request, params: Json) -> Json:
        intent = self._of("payment_intent", params["payment_intent"])
        if self.refunds_refused is not None:
            raise Refusal(400, "invalid_request_error", self.refunds_refused)
        amount = int(params["amount"])
        before = sum(one["amount"] for one in self._refunds(intent["id"]) if one["status"] != "failed")
        if amount > intent["amount_received"] - before:
            code = "charge_already_refunded" if before == intent["amount_received"] else "amount_too_large"
            raise Refusal(400, "invalid_request_error", code)
        refund = self._made(
            "re",
            "refund",
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent["id"],
            charge=None,
            metadata=params["metadata"],
            reason=None,
            status=self.refunds_are,
        )
        if self.refunds_are == "failed":
            refund["failure_reason"] = "lost_or_stolen_card"
        elif params.get("refund_application_fee") == "true":
            self._return_fee(refund, intent, before)
        return refund

    def disputed_payment(self, payment_id: str, cents: int) -> Json:
        """A captured payment of a page, and its dispute."""
        self._capture(self._intent(cents, "eur", {"page_of": payment_id}))
        return self.dispute(payment_id)

    def dispute(self, payment_id: str, status: str = "needs_response") -> Json:
        """Let the buyer of a page dispute its payment."""
        intents = [one for one in self.objects.values() if one["object"] == "payment_intent"]
        intent = next(one for one in intents if one["metadata"].get("page_of") == payment_id)
        with self.connect.on(self.connect.owners[intent["id"]]):
            return self._disputed(intent, status)

    def _disputed(self, intent: Json, status: str) -> Json:
        dispute = self._made(
            "dp",
            "dispute",
            amount=intent["amount_received"],
            currency=intent["currency"],
            charge=f"ch_{intent['id']}",
            payment_intent=intent["id"],
            reason="fraudulent",
            status=status,
            evidence_details={
                "due_by": int(time.time()) + 7 * 86_400,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "enhanced_eligibility": {},
            },
            is_charge_refundable=status.startswith("warning_"),
            metadata={},
            balance_transactions=[],
        )
        self._send("charge.dispute.created", dispute)
        return dispute

    def _create_file(self, _request: web.Request, params: Json) -> Json:
        name, content = params["file"]["name"], base64.b64decode(params["file"]["content"])
        if params["purpose"] == "dispute_evidence" and not content.startswith(b"%PDF-"):
            raise Refusal(400, "invalid_request_error", param="file")
        file = self._made("file", "file", purpose=params["purpose"], filename=name, size=len(content), type="pdf")
        self._private(file)["content"] = content
        return file

    def content_of(self, file_id: str) -> bytes:
        """The content of an uploaded file."""
        content: bytes = self._private(self._of("file", file_id))["content"]
        return content

    def _update_dispute(self, request: web.Request, params: Json) -> Json:
        """Evidence is submitted once, until it is due."""
        dispute = self._of("dispute", request.match_info["id"])
        details = dispute["evidence_details"]
        if dispute["status"].removeprefix("warning_") != "needs_response" or details["due_by"] <= time.time():
            raise Refusal(400, "invalid_request_error", param="evidence")
        evidence = params["evidence"]
        if self._of("file", evidence["service_documentation"])["purpose"] != "dispute_evidence":
            raise Refusal(400, "invalid_request_error", param="evidence[service_documentation]")
        dispute["metadata"] |= params.get("metadata", {})
        dispute["evidence"] = evidence
        details["has_evidence"] = True
        if params.get("submit") == "true":
            details["submission_count"] += 1
            self.move_dispute(dispute, dispute["status"].replace("needs_response", "under_review"))
        return dispute

    def move_dispute(self, dispute: Json, status: str) -> None:
        """Let the bank decide."""
        dispute["status"] = status
        closed = status in ("won", "lost", "warning_closed")
        self._send("charge.dispute.closed" if closed else "charge.dispute.updated", dispute)

    def _get_dispute(self, request: web.Request, params: Json) -> Json:
        dispute = dict(self._of("dispute", request.match_info["id"]))
        if "payment_intent" in params.get("expand", []):
            dispute["payment_intent"] = self.objects[dispute["payment_intent"]]
        return dispute

    def move_refund(self, id_: str, status: str) -> None:
        """Let the bank take a refund, or return it: also one that succeeded before."""
        refund = self.objects[id_]
        refund["status"] = status
        if status == "failed":
            refund["failure_reason"] = "expired_or_canceled_card"
        self._send("refund.failed" if status == "failed" else "refund.updated", refund)

    def _refunds(self, intent_id: str) -> list[Json]:
        refunds = [one for one in self.objects.values() if one["object"] == "refund"]
        return [one for one in refunds if one["payment_intent"] == intent_id]

    def _page_of(self, kind: str, params: Json) -> Json:
        """A page of a list, https://docs.stripe.com/api/pagination; of refunds those of one payment, if it is named."""
        intent = params.get("payment_intent")
        found = [one for one in self._own() if one["object"] == kind]
        found = [one for one in found if intent is None or one["payment_intent"] == intent]
        first, size = 0, int(params.get("limit", 10))
        if "starting_after" in params:
            first = 1 + next(at for at, one in enumerate(found) if one["id"] == params["starting_after"])
        data = found[first : first + size]
        return {"object": "list", "data": data, "has_more": first + size < len(found), "url": f"/v1/{kind}s"}

    def _delete_customer(self, request: web.Request, _params: Json) -> Json:
        customer = self._of("customer", request.match_info["id"])
        del self.objects[customer["id"]]
        for card in [one for one in self.objects.values() if one.get("customer") == customer["id"]]:
            if card["object"] == "payment_method":
                del self.objects[card["id"]]
        return {"id": customer["id"], "object": "customer", "deleted": True}

    # --- the hosted page ---------------------------------------------------------------------------------------------

    async def _show_page(self, request: web.Request) -> web.Response:
        session = self.objects[request.match_info["id"]]
        merchant = self._private(session)["merchant"]
        amount = f"{session['amount_total'] or 0} {session['currency'] or ''}"
        offers_debit = "sepa_debit" in session["payment_method_types"]
        debit = (
            '<form method="post"><label>IBAN <input name="iban"></label><button>Authorise debit</button></form>'
            if offers_debit
            else ""
        )
        page = f"""<!doctype html><html lang="en"><title>Checkout</title><h1>Pay {amount}</h1><p>{merchant}</p>
            <form method="post"><label>Card number <input name="card"></label><label>Code <input name="code"></label>
            <button>Pay</button></form>{debit}<a href="{session["cancel_url"]}">Back</a></html>"""
        return web.Response(text=page, content_type="text/html")

    async def _pay(self, request: web.Request) -> web.Response:
        """Pay a page, by JSON or by its form: `card`, and `code` for a challenged one; or `iban` for a debit."""
        is_form = request.content_type != "application/json"
        sent = dict(await request.post()) if is_form else await request.json()
        session = self.objects[request.match_info["id"]]
        with self.connect.on(self.connect.owners[session["id"]]):
            if "iban" in sent:
                state = self._debit(session, str(sent["iban"]).replace(" ", ""))
            else:
                state = self._paid(session, str(sent["card"]).replace(" ", ""), str(sent.get("code") or ""))
        if is_form and state in ("captured", "processing"):
            raise web.HTTPSeeOther(session["success_url"])
        return web.json_response({"state": state, "return_url": session["success_url"]})

    def _paid(self, session: Json, number: str, code: str) -> str:
        if session["status"] != "open":
            return str(session["status"])
        if number in _DECLINES:
            self._fail(session, _DECLINES[number])
            return "declined"
        if number == CHALLENGED and code != CODE:
            return "challenged"
        if session["mode"] == "setup":
            self._save_card(session, number)
        else:
            currency = self.charged_in or session["currency"]
            intent = self._intent_of(session, currency)
            session |= {"payment_intent": intent["id"], "payment_status": "paid", "currency": currency}
            self._private(intent)["number"] = number
            self._capture(intent)
            self._let_charge(session, number)
            if number == DISPUTED:
                self.dispute(intent["metadata"]["page_of"])
        session |= {"status": "complete", "url": None}
        self._send("checkout.session.completed", session)
        return "captured"

    def _let_charge(self, session: Json, number: str) -> None:
        """A saved card that is paid with for future use is charged off-session again."""
        if self._private(session)["data"].get("setup_future_usage") != "off_session":
            return
        for card in [one for one in self.objects.values() if one["object"] == "payment_method"]:
            if card["customer"] == session["customer"] and self._private(card)["number"] == number:
                self._private(card)["confirmed"] = True

    def _debit(self, session: Json, iban: str) -> str:
        """A debit is authorised: the page is complete, and its intent is processed by the bank."""
        if session["status"] != "open" or "sepa_debit" not in session["payment_method_types"]:
            return str(session["status"])
        intent = self._intent_of(session, session["currency"])
        intent |= {"status": "processing", "payment_method_types": ["card", "sepa_debit"]}
        self._private(session)["iban"] = iban
        session |= {"payment_intent": intent["id"], "status": "complete", "url": None}
        self._send("checkout.session.completed", session)
        return "processing"

    def end_debits(self) -> None:
        """Let the banks pay or refuse the debits under way."""
        for session in [one for one in self.objects.values() if one["object"] == "checkout.session"]:
            intent = self.objects.get(session["payment_intent"] or "", {})
            if intent.get("status") != "processing":
                continue
            if self._private(session)["iban"] == PAYS:
                session["payment_status"] = "paid"
                self._capture(intent)
                self._send("checkout.session.async_payment_succeeded", session)
            else:
                error = {"type": "invalid_request_error", "code": "insufficient_funds", "message": "insufficient_funds"}
                intent |= {"status": "requires_payment_method", "last_payment_error": error}
                self._send("payment_intent.payment_failed", intent)
                self._send("checkout.session.async_payment_failed", session)

    async def _end_debits(self, _request: web.Request) -> web.Response:
        self.end_debits()
        return web.Response(status=204)

    def _intent_of(self, session: Json, currency: str) -> Json:
        """The intent of a page, which is made by the first try to pay."""
        private = self._private(session)
        if "intent" not in private:
            made = self._intent(session["amount_total"], currency, private["data"]["metadata"])
            made["application_fee_amount"] = int(private["data"].get("application_fee_amount", 0)) or None
            private["intent"] = made["id"]
        intent: Json = self.objects[private["intent"]]
        return intent

    def _fail(self, session: Json, reason: str) -> None:
        """A declined try: the intent fails, and the page stays open for another card."""
        if session["mode"] == "setup":
            return
        intent = self._intent_of(session, session["currency"])
        error = {"type": "card_error", "code": "card_declined", "decline_code": reason, "message": reason}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self._send("payment_intent.payment_failed", intent)

    def _save_card(self, session: Json, number: str) -> None:
        customer = self._made("cus", "customer", email=None, metadata={})
        face = {"brand": "visa", "last4": number[-4:], "exp_month": 12, "exp_year": 2034, "country": "FR"}
        card = self._made("pm", "payment_method", type="card", card=face, customer=customer["id"], metadata={})
        self._private(card)["number"] = number
        intent = self._made(
            "seti",
            "setup_intent",
            status="succeeded",
            payment_method=card["id"],
            usage="off_session",
            metadata={},
        )
        session |= {"customer": customer["id"], "setup_intent": intent["id"]}

    # --- events ------------------------------------------------------------------------------------------------------

    def _send(self, kind: str, about: Json) -> None:
        account = self.connect.owners.get(about["id"])
        event = self._made("evt", "event", type=kind, api_version=self.api_version, data={"object": _copy(about)}) | (
            {} if account is None else {"account": account}
        )
        enabled = OWN_EVENTS if account is None else CONNECTED_EVENTS
        for _ in range(self.events_sent if self.webhook_url and kind in enabled else 0):
            task = asyncio.create_task(self._deliver(msgspec.json.encode(event)))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, body: bytes) -> None:
        """Send an event until it is taken."""
        assert self._client is not None
        while True:
            headers = {"stripe-signature": signature(body, self.webhook_secret), "content-type": "application/json"}
            try:
                async with self._client.post(self.webhook_url, data=body, headers=headers) as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                pass  # as a failed answer
            await asyncio.sleep(0.05)


def signature(body: bytes, secret: str, at: float | None = None) -> str:
    """The header of an event, https://docs.stripe.com/webhooks#verify-manually."""
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def _copy(value: Json) -> Json:
    """As the API shows it now, whatever happens to the object later."""
    return msgspec.json.decode(msgspec.json.encode(value))  # type: ignore[no-any-return]  # what it was given


def nested(pairs: Any) -> Json:
    """Parameters in brackets as nested objects and lists: `a[b][0]=c` is `{"a": {"b": ["c"]}}`."""
    found: Json = {}
    for name in pairs:
        *parents, last = _PART.findall(name)
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        value = pairs.getall(name)[-1]
        if isinstance(value, web.FileField):
            content = base64.b64encode(value.file.read()).decode()
            value = {"name": value.filename, "content": content}
        place[last] = value
    return {name: _lists(value) for name, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(one) for name, one in value.items()}
    return list(inner.values()) if all(name.isdigit() for name in inner) else inner


async def main() -> None:
    """Run one until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("webhook_url")
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--calls-per-s", type=int)
    asked = parser.parse_args()
    standin = StripeStandin(asked.webhook_url)
    standin.latency_s, standin.calls_per_s = asked.latency_ms / 1000, asked.calls_per_s
    standin.endpoints = [
        {
            "id": "we_1",
            "object": "webhook_endpoint",
            "url": asked.webhook_url,
            "status": "enabled",
            "enabled_events": OWN_EVENTS,
            "application": None,
        }
    ]
    await standin.start(asked.port)
    sys.stdout.write(standin.url + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
