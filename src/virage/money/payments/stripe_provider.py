"""Client of Stripe: hosted Checkout pages, saved cards charged off-session, refunds, signed webhooks.

Each request carries our id as idempotency key and as metadata, so that a lost answer can be found again. Stripe keeps
idempotency keys for a day, also of what it refused (https://docs.stripe.com/api/idempotent_requests); what may be
repeated later is looked up first. A webhook only says that something changed, unless a page was paid: the state is
fetched, so that late, doubled and reordered events, and events of another API version, do no harm.
"""

import asyncio
import io
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import aiohttp
import msgspec
import stripe
from msgspec import Struct
from msgspec.structs import replace
from stripe import StripeClient

from virage.money.payments.accounts.rules import DISCONNECTED, AccountRefusal, AccountReport, NewAccount
from virage.money.payments.call_budget import Busy, CallBudget
from virage.money.payments.payouts import BalanceEntry, EntryKind, Listing, PayoutState, ProviderPayout
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    Charge,
    DisputeNotice,
    DisputeState,
    DueEvidence,
    DueRefund,
    EvidenceAnswer,
    EvidenceState,
    HostedPage,
    News,
    NewSavedCard,
    Outcome,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Reference,
    RefundAnswer,
    RefundState,
)
from virage.money.payments.stripe_calls import (
    LISTED_MAX,
    MISSING,
    PAYMENT_ID,
    BudgetedClient,
    id_of,
    is_disconnected,
    unless_missing,
    urgent,
    uuid_of,
    why,
)
from virage.money.payments.stripe_readers import READER, READER_EVENTS, StripeReaders, is_at_reader
from virage.platform.settings.logs import log
from virage.platform.values.refusals import Refused

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=2, sock_read=10)
"""The total includes the wait for one of the connections."""
CONNECTIONS_MAX: Final = 128
PAGE_PATIENCE: Final = timedelta(seconds=2)
"""How long a fan's request waits for its moment; afterwards the fan's browser asks again."""
WEBHOOK_PATIENCE: Final = timedelta(seconds=8)
"""Longer than that of pages: a paid order comes before new ones."""
KEY_LIVES: Final = timedelta(hours=20)
"""An idempotency key is surely known for so long."""
REFUNDS_MAX: Final = 100
SIGNATURE: Final = "stripe-signature"
CARD_ID, REFUND_ID = "card_id", "refund_id"
EVIDENCE_ID: Final = "evidence_id"
ORGANISER_ID, BEGUN_AT = "organiser_id", "begun_at"
EVIDENCE_TEXT_MAX: Final = 20_000
"""Characters of a field of evidence (https://docs.stripe.com/api/disputes/evidence_object)."""
PAGES: Final = "/v1/checkout/sessions"
URGENT: Final = frozenset({"checkout.session", "payment_intent", "terminal.reader"})
"""Kinds of objects of the operator's account for whose events a person waits. Others share the calls of jobs."""
PAGE_OF: Final = "page_of"
"""Names the payment in the PaymentIntent of a page. A declined try fails the intent, but the page stays open."""
SESSION, INTENT = "cs_", "pi_"
PAID_EVENTS: Final = frozenset({"checkout.session.async_payment_succeeded", "checkout.session.completed"})
EVENTS: Final = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "checkout.session.completed",
    "checkout.session.expired",
    "refund.failed",
    "refund.updated",
)
"""The events that the webhook endpoints are sent, of any API version."""
CHARGE_EVENT: Final = "payment_intent.succeeded"
"""Sent to the endpoint of the operator's account too: money of a charge whose answer was lost, however late.

Stripe sends it for each paid page as well, whose own event says the same.
"""
DEBIT: Final = "sepa_debit"
DEBIT_EVENTS: Final = ("checkout.session.async_payment_failed", "checkout.session.async_payment_succeeded")
"""Those that it is sent too if debits are offered."""
ACCOUNT_EVENTS: Final = ("account.application.deauthorized", "account.updated")
"""Further events of the endpoint for connected accounts."""
_OPEN: Final = frozenset({"processing", "requires_capture", "requires_confirmation"})
_REFUND_FAILED: Final = frozenset({"failed", "canceled"})
_DISPUTE_STATES: Final[Mapping[str, DisputeState]] = {
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "closed": DisputeState.WON,  # an inquiry that did not become a dispute
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "prevented": DisputeState.LOST,  # the buyer got the money back before a dispute began
}
_NOT_REFUNDABLE: Final = frozenset(
    {"amount_too_large", "balance_insufficient", "charge_already_refunded", "charge_disputed"}
)
"""Errors of a refund that no repetition mends; they become failed refunds."""
_LISTINGS: Final = {"completed": Listing.READY, "in_progress": Listing.LATER}
_KINDS: Final = {
    "charge": EntryKind.CHARGE,
    "charge_failure": EntryKind.CHARGE_FAILURE,
    "refund": EntryKind.REFUND,
    "refund_failure": EntryKind.REFUND_FAILURE,
    "dispute": EntryKind.DISPUTE,
    "dispute_reversal": EntryKind.DISPUTE_REVERSAL,
    "fee": EntryKind.FEE,
    "network_cost": EntryKind.FEE,
    "tax": EntryKind.FEE,
    "other_adjustment": EntryKind.ADJUSTMENT,
    "payout": EntryKind.PAYOUT,
    "payout_reversal": EntryKind.PAYOUT_FAILURE,
    "platform_earning": EntryKind.APPLICATION_FEE,
    "platform_earning_refund": EntryKind.APPLICATION_FEE_RETURNED,
}
"""By reporting category, https://docs.stripe.com/reports/reporting-categories."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


# A sale opens a page and takes its event. The library's objects for both cost as much as the rest of the sale, so these
# two answers are read into structs of what is used; the library sends the request and verifies the signature.
class _Page(Struct):
    id: str
    url: str


class _About(Struct):
    object: dict[str, Any]


class _Event(Struct):
    """`account` is the organiser's account on which it happened; None: the operator's own."""

    type: str
    data: _About
    livemode: bool = False
    api_version: str | None = None
    account: str | None = None


class StripeProvider:
    """`PaymentProvider` of Stripe. `methods` are the payment methods of the hosted page, such as `card`.

    Apple Pay and Google Pay come with `card`. All of them settle at once; `sepa_debit` does not, and is offered only
    for payments that allow it: its money comes days later, or not at all.
    """

    name = "stripe"
    opens_many = False

    def __init__(
        self,
        key: str,
        webhook_secrets: Sequence[str],
        *,
        currency: str,
        merchant: str,
        methods: Sequence[str],
        sepa_debit: bool = False,
        api_url: str | None = None,
        budget: CallBudget | None = None,
    ) -> None:
        self._key = key
        self._is_live = "_test_" not in key
        self._webhook_secrets = webhook_secrets
        self._currency = currency.lower()
        self._merchant = merchant
        self._methods = list(methods)
        self._sepa_debit = sepa_debit
        self._api_url = api_url
        self._budget = budget
        self._session: aiohttp.ClientSession | None = None
        self._made: StripeClient | None = None
        self.readers = StripeReaders(lambda: self._client, self._currency)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = self._made = None

    async def create(self, starts: Sequence[PaymentIntent]) -> Sequence[HostedPage | Refused]:
        """Return a Checkout page for each payment, in order; `provider_unavailable` for those without an answer."""
        with urgent(PAGE_PATIENCE):
            pages = await asyncio.gather(*(self._page(start) for start in starts), return_exceptions=True)
        _answered(pages)
        unavailable = Refused(PaymentRefusal.PROVIDER_UNAVAILABLE)
        return [unavailable if isinstance(page, BaseException) else page for page in pages]

    async def _page(self, start: PaymentIntent) -> HostedPage | Refused:
        metadata = {PAYMENT_ID: str(start.payment_id)}
        price: Any = {
            "currency": self._currency,
            "unit_amount": start.amount_cents,
            "product_data": {"name": self._merchant if start.direct is None else start.direct.merchant},
        }
        page: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "payment_method_types": self._methods + [DEBIT] * (self._sepa_debit and start.allows_debit),
            "payment_intent_data": {"metadata": {PAGE_OF: str(start.payment_id)}},
            "adaptive_pricing": {"enabled": False},
        }
        if start.card is not None:  # the bank then lets the card be charged off-session again
            page["customer"] = str(start.card.provider_ref).partition("/")[0]
            page["saved_payment_method_options"] = {"allow_redisplay_filters": ["always", "limited", "unspecified"]}
            page["payment_method_types"] = ["card"]
            page["payment_intent_data"]["setup_future_usage"] = "off_session"
        if start.direct is None:
            return await self._open(start.payment_id, page, metadata, start.return_url)
        if start.direct.fee_cents:
            page["payment_intent_data"]["application_fee_amount"] = start.direct.fee_cents
        return await self._open(start.payment_id, page, metadata, start.return_url, start.direct.account)

    async def keep(self, methods: Sequence[NewSavedCard]) -> Sequence[HostedPage | Refused]:
        """Return a Checkout page that saves a card, for each, in order. Each card has a customer of its own."""
        with urgent(PAGE_PATIENCE):
            return await _all(self._saving_page, methods)

    async def _saving_page(self, card: NewSavedCard) -> HostedPage | Refused:
        metadata = {CARD_ID: str(card.method_id)}
        return await self._open(
            card.method_id,
            {
                "mode": "setup",
                "customer_creation": "always",
                "payment_method_types": ["card"],
            },
            metadata,
            card.return_url,
        )

    async def _open(
        self, id_: UUID, page: Any, metadata: dict[str, str], return_url: str, account: str | None = None
    ) -> HostedPage | Refused:
        params = page | {
            "client_reference_id": str(id_),
            "metadata": metadata,
            "success_url": return_url,
            "cancel_url": return_url,
        }
        try:
            options = _on(account, idempotency_key=str(id_))
            answer: Any = await self._client.raw_request_async("post", PAGES, **params, **options)
        except stripe.IdempotencyError:
            return Refused(PaymentRefusal.PAYMENT_ID_TAKEN, {"provider": "idempotency_key"})
        except Busy as busy:
            return Refused(PaymentRefusal.PROVIDER_BUSY, {"retry_after_s": math.ceil(busy.wait.total_seconds())})
        except (stripe.InvalidRequestError, stripe.PermissionError) as failure:
            if account is None:
                raise
            log.error("payment_account_refuses", account=account, failed=why(failure))  # such as a method it lacks
            return Refused(AccountRefusal.SELLER_NOT_READY)
        opened = msgspec.convert(answer.data, _Page)
        return HostedPage(id_, opened.url, opened.id)

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        """Charge saved cards off-session."""
        return await _each(self._charge, charges)

    async def _charge(self, charge: Charge) -> Outcome:
        if _is_old(charge.begun_at):
            known = await self._search(charge.payment_id)
            if known is not None:
                return self._of_intent(charge.payment_id, known)
        customer, _, card = str(charge.provider_ref).partition("/")  # Stripe finds no card without an id
        params: Any = {
            "amount": charge.amount_cents,
            "currency": self._currency,
            "customer": customer,
            "payment_method": card,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "metadata": {PAYMENT_ID: str(charge.payment_id)},
        }
        options: Any = {"idempotency_key": str(charge.payment_id)}
        try:
            return self._of_intent(
                charge.payment_id, await self._client.v1.payment_intents.create_async(params, options)
            )
        except stripe.CardError as declined:
            error = declined.error
            reason = None if error is None else error.decline_code or error.code
            return Outcome(charge.payment_id, PaymentState.DECLINED, charge.amount_cents, reason or declined.code)
        except stripe.InvalidRequestError as failure:
            if failure.code != MISSING:  # a mistake of ours is no answer of the bank: it is logged, and tried again
                raise
            return Outcome(charge.payment_id, PaymentState.DECLINED, charge.amount_cents, failure.code)

    async def forget(self, cards: Sequence[Reference]) -> None:
        """Remove saved cards, with their customers."""
        await _all(self._forget, [card for card in cards if "/" in (card.provider_ref or "")])

    async def _forget(self, card: Reference) -> None:
        customer = str(card.provider_ref).partition("/")[0]
        await unless_missing(self._client.v1.customers.delete_async(customer))

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """Return the state of payments and cards; unknown ones are left out."""
        found = await _each(self._fetch, references)
        return [outcome for outcome in found if outcome is not None]

    async def _fetch(self, reference: Reference) -> Outcome | None:
        id_, ref, account = reference.payment_id, reference.provider_ref, reference.account
        if ref is None:
            intent = await self._search(id_, account)
        elif ref.startswith(SESSION):
            params: Any = {"expand": ["payment_intent", "setup_intent.payment_method"]}
            asked = self._client.v1.checkout.sessions.retrieve_async(ref, params, _on(account))
            session = await unless_missing(asked)
            if session is None:
                return None
            return replace(self._of_session(id_, session), account=account, page_ref=ref)
        elif ref.startswith(READER):
            return await self.readers.fetch(id_, ref)
        else:
            asked_intent = self._client.v1.payment_intents.retrieve_async(
                ref, {"expand": ["latest_charge"]}, _on(account)
            )
            intent = await unless_missing(asked_intent)
        return None if intent is None else replace(self._of_intent(id_, intent), account=account)

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        """End open pages and charges, one outcome each: expired, or the earlier outcome."""
        return await _each(self._cancel, references)

    async def _cancel(self, reference: Reference) -> Outcome:
        ref, account = reference.provider_ref, reference.account
        ended = Outcome(reference.payment_id, PaymentState.EXPIRED, 0, account=account, page_ref=ref)
        if ref is not None and ref.startswith(READER):
            if reference.amount_cents is None:
                raise ValueError("The amount of a payment at a reader is needed to cancel it.")
            return await self.readers.cancel(reference.payment_id, ref, reference.amount_cents)
        if ref is None:
            found = await self._fetch(reference)
            ref = None if found is None else found.provider_ref
        if ref is None:
            return ended
        try:
            if ref.startswith(SESSION):
                await self._client.v1.checkout.sessions.expire_async(ref, {}, _on(account))
            else:
                await self._client.v1.payment_intents.cancel_async(ref, {}, _on(account))
        except stripe.PermissionError as failure:
            if not is_disconnected(failure):
                raise
            return ended
        except stripe.InvalidRequestError:  # it ended before, or does not exist
            return await self._fetch(replace(reference, provider_ref=ref)) or ended
        return ended

    async def _search(self, payment_id: UUID, account: str | None = None) -> stripe.PaymentIntent | None:
        """Return the charge of a payment whose answer was lost. Stripe's index is up to a minute behind."""
        params: Any = {"query": f"metadata['{PAYMENT_ID}']:'{payment_id}'", "limit": 1}
        found = await unless_missing(self._client.v1.payment_intents.search_async(params, _on(account)))
        return None if found is None else next(iter(found.data), None)

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        """Send refunds or look up those that were sent, one answer each. A repeated one is looked up first."""
        return await _each(self._refund, refunds)

    async def _refund(self, due: DueRefund) -> RefundAnswer:
        try:
            return replace(await self._refund_on(due), account=due.account)
        except stripe.PermissionError as failure:
            if not is_disconnected(failure):
                raise
            return RefundAnswer(due.id, RefundState.FAILED, DISCONNECTED, account=due.account)

    async def _refund_on(self, due: DueRefund) -> RefundAnswer:
        if due.refund_ref is not None:
            found = await self._client.v1.refunds.retrieve_async(due.refund_ref, {}, _on(due.account))
            return _of_refund(due.id, found)
        intent = await self._intent_of(due)
        if intent is None:
            return RefundAnswer(due.id, RefundState.LATER, PaymentRefusal.NOT_FOUND)
        known = await self._refunds_of(intent, due) if due.attempts or _is_old(due.created_at) else []
        standing = next((refund for refund in known if refund.status not in _REFUND_FAILED), None)
        if standing is None:
            params: Any = {
                "payment_intent": intent,
                "amount": due.amount_cents,
                "metadata": {REFUND_ID: str(due.id)},
            } | ({"refund_application_fee": True} if due.returns_fee else {})
            # The number of answers so far, which is stored: after a lost answer the key is the same, after a refusal,
            # which Stripe repeats for a day, another one.
            options = _on(due.account, idempotency_key=f"{due.id}-{due.attempts}")
            try:
                standing = await self._client.v1.refunds.create_async(params, options)
            except stripe.InvalidRequestError as failure:
                state = RefundState.FAILED if failure.code in _NOT_REFUNDABLE else RefundState.LATER
                return RefundAnswer(due.id, state, failure.code)
        return _of_refund(due.id, standing)

    async def _intent_of(self, due: DueRefund) -> str | None:
        ref = due.provider_ref
        if ref is not None and ref.startswith(SESSION):
            asked = self._client.v1.checkout.sessions.retrieve_async(ref, {}, _on(due.account))
            session = await unless_missing(asked)
            return None if session is None or session.payment_intent is None else id_of(session.payment_intent)
        if ref is None:
            found = await self._search(due.payment_id, due.account)
            return None if found is None else found.id
        return ref

    async def _refunds_of(self, intent: str, due: DueRefund) -> list[stripe.Refund]:
        params: Any = {"payment_intent": intent, "limit": REFUNDS_MAX}
        listed = await self._client.v1.refunds.list_async(params, _on(due.account))
        return [
            refund
            for refund in listed.data
            if refund.metadata is not None
            and refund.metadata.to_dict().get(REFUND_ID) == str(due.id)
            and refund.amount == due.amount_cents  # an organiser may write our id into a refund of its own
        ]

    async def send_evidence(self, due: DueEvidence) -> EvidenceAnswer:
        """Upload the document and submit it with its fields. The dispute names the evidence that it has."""
        (answer,) = await _all(self._send_evidence, [due])
        return answer

    async def _send_evidence(self, due: DueEvidence) -> EvidenceAnswer:
        client = self._client.v1
        try:
            dispute = await client.disputes.retrieve_async(due.dispute_ref, {}, _on(due.account))
            known = {} if dispute.metadata is None else dispute.metadata.to_dict()
            if known.get(EVIDENCE_ID) == str(due.id):
                return EvidenceAnswer(EvidenceState.SENT)
            if _DISPUTE_STATES[dispute.status.removeprefix("warning_")] is not DisputeState.NEEDS_RESPONSE:
                return EvidenceAnswer(EvidenceState.FAILED, dispute.status)
            document: Any = io.BytesIO(due.pdf)
            document.name = "evidence.pdf"
            upload: Any = {"purpose": "dispute_evidence", "file": document}
            file = await client.files.create_async(upload, _on(due.account, idempotency_key=f"{due.id}-file"))
            fields = {
                "service_documentation": file.id,
                "uncategorized_text": due.fields.summary,
                "customer_name": due.fields.customer_name,
                "customer_email_address": due.fields.customer_email,
                "service_date": None if due.fields.service_on is None else due.fields.service_on.isoformat(),
                "access_activity_log": due.fields.access_log,
            }
            said: Any = {name: text[:EVIDENCE_TEXT_MAX] for name, text in fields.items() if text}
            update: Any = {"evidence": said, "metadata": {EVIDENCE_ID: str(due.id)}, "submit": True}
            options = _on(due.account, idempotency_key=str(due.id))
            await client.disputes.update_async(due.dispute_ref, update, options)
        except stripe.InvalidRequestError as failure:
            return EvidenceAnswer(EvidenceState.FAILED, failure.code or "invalid_request")
        return EvidenceAnswer(EvidenceState.SENT)

    async def open_account(self, new: NewAccount) -> AccountReport | Refused:
        """Create the account of an organiser, or find the one that was created before.

        Stripe bears its losses and collects what it requires; the organiser pays Stripe's fees, and has the dashboard.
        """
        params: Any = {
            "controller": {
                "losses": {"payments": "stripe"},
                "fees": {"payer": "account"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "full"},
            },
            "business_profile": {"name": new.name},
            "metadata": {ORGANISER_ID: str(new.organiser_id), BEGUN_AT: new.begun_at.isoformat()},
        }
        try:
            account = await self._opened_before(new) or await self._client.v1.accounts.create_async(
                params, _on(None, idempotency_key=f"account-{new.organiser_id}-{new.begun_at:%Y%m%dT%H%M%S.%f}")
            )
        except (stripe.InvalidRequestError, stripe.PermissionError) as failure:
            return Refused(AccountRefusal.NOT_OPENED, {"provider": why(failure)})
        except (stripe.StripeError, Busy) as failure:
            raise Unreachable(why(failure)) from failure
        return _report(account)

    async def _opened_before(self, new: NewAccount) -> stripe.Account | None:
        """Return the account of an organiser whose answer was lost, once its idempotency key may be forgotten."""
        if not _is_old(new.begun_at):
            return None
        wanted = {ORGANISER_ID: str(new.organiser_id), BEGUN_AT: new.begun_at.isoformat()}
        since: Any = {"created": {"gte": int(new.begun_at.timestamp())}, "limit": LISTED_MAX}
        async for page in _pages(self._client.v1.accounts.list_async, since):
            for account in page:
                if account.metadata and wanted.items() <= account.metadata.to_dict().items():
                    found: stripe.Account = account
                    return found
        return None

    async def onboarding_url(self, account: str, refresh_url: str, return_url: str) -> str:
        """Return the address of Stripe's form for an account. It can be opened once, and expires in minutes."""
        params: Any = {
            "account": account,
            "refresh_url": refresh_url,
            "return_url": return_url,
            "type": "account_onboarding",
        }
        try:
            link = await self._client.v1.account_links.create_async(params)
        except (stripe.StripeError, Busy) as failure:
            raise Unreachable(why(failure)) from failure
        return link.url

    async def accounts(self, refs: Sequence[str]) -> Sequence[AccountReport]:
        """Return the state and balance of accounts. One that Virage may not use any more is disconnected."""
        return await _each(self._account, refs)

    async def _account(self, ref: str) -> AccountReport:
        try:
            account = await self._client.v1.accounts.retrieve_async(ref)
            balance = await self._client.v1.balance.retrieve_async({}, _on(ref))
        except stripe.PermissionError as failure:
            if not is_disconnected(failure):
                raise
            return AccountReport(ref, may_charge=False, may_pay_out=False, disabled_reason=DISCONNECTED)
        available = sum(one.amount for one in balance.available if one.currency == self._currency)
        pending = sum(one.amount for one in balance.pending if one.currency == self._currency)
        return replace(_report(account), available_cents=available, pending_cents=pending)

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[News] | Refused:
        """Return the state of what an event is about. Its age is checked by the system clock.

        A page that was paid, at once or by a debit, is final in an event of our API version; of anything else the
        present state is fetched.
        """
        event = self._verified(headers, body)
        if isinstance(event, Refused):
            return event
        if event.livemode is not self._is_live:  # events of test accounts reach live endpoints too
            return []
        if event.account is None and event.data.object["object"] in URGENT:
            with urgent(WEBHOOK_PATIENCE):
                return await self._news(event)
        return await self._news(event)

    async def _news(self, event: "_Event") -> Sequence[News]:
        about, account = event.data.object, event.account
        news: Sequence[News] = []
        match about["object"]:
            case "checkout.session":
                news = await self._page_news(event, about, account)
            case "payment_intent" if account is None:
                news = await self._charge_news(about)
            case "refund":
                news = await self._refund_news(about, account)
            case "dispute":
                news = await self._dispute_news(about["id"], account)
            case "terminal.reader" if account is None:  # readers are the operator's
                news = await self.readers.news(about)
            case "account" | "application" if account is not None:
                news = await self.accounts([account])
        return news

    def _verified(self, headers: Mapping[str, str], body: bytes) -> "_Event | Refused":
        for secret in self._webhook_secrets:
            try:
                stripe.WebhookSignature.verify_header(
                    body, headers.get(SIGNATURE), secret, stripe.Webhook.DEFAULT_TOLERANCE
                )
                return msgspec.json.decode(body, type=_Event)
            except stripe.SignatureVerificationError:
                continue
            except (UnicodeDecodeError, msgspec.DecodeError):
                return Refused(PaymentRefusal.DELIVERY_INVALID)
        return Refused(PaymentRefusal.SIGNATURE_INVALID)

    async def _page_news(self, event: "_Event", about: Mapping[str, Any], account: str | None) -> Sequence[Outcome]:
        """Return the state of a payment or card by its page, if it is ours and has ended."""
        id_ = _our_id(about.get("metadata") or {})
        if id_ is None:
            return []
        if event.type in PAID_EVENTS and event.api_version == API_VERSION and about["payment_status"] == "paid":
            paid = self._paid(id_, about["amount_total"], about["currency"], about["payment_intent"])
            return [replace(paid, account=account, page_ref=about["id"])]
        found = await self.fetch([Reference(id_, about["id"], account)])
        return [outcome for outcome in found if outcome.state is not PaymentState.PENDING]

    async def _charge_news(self, about: Mapping[str, Any]) -> Sequence[Outcome]:
        """Return the state of a charge or of a payment at a reader, if it has ended; a page names its id otherwise."""
        id_ = _our_id(about.get("metadata") or {})
        found = [] if id_ is None else await self.fetch([Reference(id_, about["id"])])
        return [outcome for outcome in found if outcome.state is not PaymentState.PENDING]

    async def _refund_news(self, about: Mapping[str, Any], account: str | None) -> Sequence[RefundAnswer]:
        """Return the present state of a refund, if it is ours."""
        id_ = uuid_of((about.get("metadata") or {}).get(REFUND_ID))
        if id_ is None:
            return []

        async def retrieve(ref: str) -> stripe.Refund:
            return await self._client.v1.refunds.retrieve_async(ref, {}, _on(account))

        (refund,) = await _all(retrieve, [about["id"]])
        return [replace(_of_refund(id_, refund), account=account, is_event=True)]

    async def _dispute_news(self, dispute_id: str, account: str | None) -> Sequence[DisputeNotice]:
        """Return the present state of a dispute, if its payment is ours."""

        async def retrieve(id_: str) -> stripe.Dispute:
            return await self._client.v1.disputes.retrieve_async(id_, {"expand": ["payment_intent"]}, _on(account))

        (dispute,) = await _all(retrieve, [dispute_id])
        intent: Any = dispute.payment_intent
        metadata = {} if intent is None or intent.metadata is None else intent.metadata.to_dict()
        payment_id = uuid_of(metadata.get(PAYMENT_ID) or metadata.get(PAGE_OF))
        if payment_id is None:
            return []
        due_by = dispute.evidence_details.due_by
        return [
            DisputeNotice(
                payment_id=payment_id,
                provider_ref=dispute.id,
                amount_cents=dispute.amount,
                reason=dispute.reason,
                state=_DISPUTE_STATES[dispute.status.removeprefix("warning_")],
                is_inquiry=dispute.status.startswith("warning_"),
                opened_at=datetime.fromtimestamp(dispute.created, UTC),
                due_at=datetime.fromtimestamp(due_by, UTC) if due_by else None,
                account=account,
            )
        ]

    async def defects(self, webhook_url: str, *, with_accounts: bool = False) -> Sequence[str]:
        """Return what is wrong with the key, the account and its webhook endpoints, each with what to do."""
        try:
            account, endpoints = await asyncio.gather(
                self._client.v1.accounts.retrieve_current_async(), self._client.v1.webhook_endpoints.list_async()
            )
        except stripe.AuthenticationError:
            return ["VIRAGE_STRIPE_KEY: Stripe refuses it; copy the secret key of the account again"]
        except stripe.PermissionError:
            return ["VIRAGE_STRIPE_KEY: the restricted key needs to read the account and its webhook endpoints"]
        except stripe.StripeError as failure:
            return [f"Stripe does not answer ({why(failure)}); try again"]
        found = await self._not_permitted()
        if not account.charges_enabled:
            found.append("The account cannot charge: complete its details in Stripe's dashboard")
        if not account.payouts_enabled:
            found.append("The account cannot pay out: add its bank account in Stripe's dashboard")
        if account.default_currency != self._currency:
            found.append(
                f"The account's currency is {str(account.default_currency).upper()}, that of the deployment "
                f"{self._currency.upper()} (VIRAGE_CURRENCY): each payment would be exchanged, at a fee"
            )
        offered = account.capabilities.to_dict() if account.capabilities else {}
        found += [
            f"VIRAGE_STRIPE_METHODS: the account does not offer {method}; activate it in Stripe's dashboard"
            for method in self._methods
            if offered.get(f"{method}_payments") != "active"
        ]
        if self._sepa_debit and offered.get(f"{DEBIT}_payments") != "active":
            found.append(
                "VIRAGE_STRIPE_SEPA_DEBIT: the account does not offer SEPA debit; activate it in Stripe's dashboard"
            )
        events: tuple[str, ...] = EVENTS + DEBIT_EVENTS if self._sepa_debit else EVENTS
        own, own_events = [one for one in endpoints.data if one.application is None], (*events, CHARGE_EVENT)
        if await self.readers.has_readers():
            own_events += READER_EVENTS
            found += await self.readers.not_permitted()
        found += _endpoint_defects("webhook endpoint", own, webhook_url, own_events)
        connected = [one for one in endpoints.data if one.application is not None]
        return found + await self._account_defects(connected, webhook_url, [*events, *ACCOUNT_EVENTS], with_accounts)

    async def _account_defects(
        self, endpoints: Sequence[stripe.WebhookEndpoint], url: str, events: Sequence[str], asked: bool
    ) -> list[str]:
        """Return what organisers' accounts lack, if it is asked or if there are any."""
        client = self._client.v1
        nothing: Any = {"account": "acct_virage_none", "type": "account_onboarding"}
        tries = (client.accounts.list_async({"limit": 1}), client.account_links.create_async(nothing))
        listed, linked = await asyncio.gather(*tries, return_exceptions=True)
        if not asked and (isinstance(listed, BaseException) or not listed.data):
            return []
        found = [
            f"VIRAGE_STRIPE_KEY: the restricted key may not write {name}; permit it in Stripe's dashboard"
            for name, answer in (("Connected accounts", listed), ("Account links", linked))
            if isinstance(answer, stripe.PermissionError) and not is_disconnected(answer)
        ]
        return found + _endpoint_defects("webhook endpoint for connected accounts", endpoints, url, events)

    async def _not_permitted(self) -> list[str]:
        """Return what a restricted key must not do, found by acts on objects that do not exist."""
        client, nothing = self._client.v1, "virage_none"
        tries: Sequence[tuple[str, Awaitable[Any]]] = (
            ("Checkout Sessions", client.checkout.sessions.expire_async(f"{SESSION}{nothing}")),
            ("PaymentIntents", client.payment_intents.cancel_async(f"{INTENT}{nothing}")),
            ("Refunds", client.refunds.create_async({"payment_intent": f"{INTENT}{nothing}"})),
            ("Customers", client.customers.delete_async(f"cus_{nothing}")),
            ("Disputes", client.disputes.update_async(f"dp_{nothing}")),
        )
        answers = await asyncio.gather(*(asked for _, asked in tries), return_exceptions=True)
        return [
            f"VIRAGE_STRIPE_KEY: the restricted key may not write {name}; permit it in Stripe's dashboard"
            for (name, _), answer in zip(tries, answers, strict=True)
            if isinstance(answer, stripe.PermissionError)
        ] + await self._not_readable()

    def _of_session(self, id_: UUID, session: Any) -> Outcome:
        """Return the state of a page: paid, saved, expired, open, or completed with a debit under way or refused.

        A capture names its PaymentIntent.
        """
        if session.status == "expired":
            return Outcome(id_, PaymentState.EXPIRED, session.amount_total or 0, provider_ref=session.id)
        if session.status == "complete" and session.mode == "setup":
            card = session.setup_intent.payment_method
            label = f"{card.card.brand.title()} •••• {card.card.last4}"
            ref = f"{id_of(session.customer)}/{card.id}"
            return Outcome(id_, PaymentState.CAPTURED, 0, label=label, provider_ref=ref)
        if session.status == "complete" and session.payment_status == "paid":
            return self._paid(id_, session.amount_total, session.currency, id_of(session.payment_intent))
        if session.status == "complete":
            debit = self._of_intent(id_, session.payment_intent)
            if debit.state is PaymentState.PENDING:
                return Outcome(id_, PaymentState.PROCESSING, session.amount_total, provider_ref=session.id)
            return debit
        return Outcome(id_, PaymentState.PENDING, session.amount_total or 0, provider_ref=session.id)

    def _paid(self, id_: UUID, amount_cents: int, currency: str, intent: str) -> Outcome:
        is_foreign = currency != self._currency
        return Outcome(id_, PaymentState.CAPTURED, amount_cents, provider_ref=intent, is_foreign=is_foreign)

    def _of_intent(self, id_: UUID, intent: stripe.PaymentIntent) -> Outcome:
        """Return the state of a PaymentIntent. An off-session charge that needs the customer counts as declined."""
        if is_at_reader(intent):
            return self.readers.outcome(id_, intent)
        if intent.status == "succeeded":
            paid = self._paid(id_, intent.amount_received, intent.currency, intent.id)
            return replace(paid, card_ref=_fingerprint(intent))
        if intent.status in _OPEN:
            return Outcome(id_, PaymentState.PENDING, intent.amount, provider_ref=intent.id)
        if intent.status == "canceled":
            return Outcome(id_, PaymentState.EXPIRED, intent.amount, provider_ref=intent.id)
        error = intent.last_payment_error
        reason = "authentication_required" if intent.status == "requires_action" or error is None else error.code
        return Outcome(id_, PaymentState.DECLINED, intent.amount, reason, provider_ref=intent.id)

    async def _not_readable(self) -> list[str]:
        """Return what a restricted key must not read and reconciliation needs."""
        client = self._client.v1
        reads: Sequence[tuple[str, Awaitable[Any]]] = (
            ("Payouts", client.payouts.list_async({"limit": 1})),
            ("Balance transactions", client.balance_transactions.list_async({"limit": 1})),
        )
        answers = await asyncio.gather(*(asked for _, asked in reads), return_exceptions=True)
        return [
            f"VIRAGE_STRIPE_KEY: the restricted key may not read {name}; permit it in Stripe's dashboard"
            for (name, _), answer in zip(reads, answers, strict=True)
            if isinstance(answer, stripe.PermissionError)
        ]

    async def payouts(self, since: datetime, account: str | None = None) -> AsyncIterator[Sequence[ProviderPayout]]:
        """Yield the payouts of an account created since a time, latest first, in pages of 100."""
        asked: dict[str, Any] = {"created": {"gte": int(since.timestamp())}}
        async for page in _pages(self._client.v1.payouts.list_async, asked, account=account):
            yield [_payout(payout, account) for payout in page]

    async def payout_entries(
        self, payout_id: str, after: str | None = None, account: str | None = None
    ) -> AsyncIterator[Sequence[BalanceEntry]]:
        """Yield the balance transactions of a payout, latest first, in pages of 100, with what they are about.

        The application fee of an organiser's payment names the charge on the organiser's account, which is read.
        """
        asked: dict[str, Any] = {"payout": payout_id, "expand": ["data.source"]}
        async for page in _pages(self._client.v1.balance_transactions.list_async, asked, after, account):
            yield await _all(partial(self._entry, account), page)

    async def _entry(self, account: str | None, transaction: stripe.BalanceTransaction) -> BalanceEntry:
        entry = _entry(transaction, account)
        if account is not None or entry.kind not in (EntryKind.APPLICATION_FEE, EntryKind.APPLICATION_FEE_RETURNED):
            return entry
        fee: Any = transaction.source
        if fee.object == "fee_refund":
            fee = await self._client.v1.application_fees.retrieve_async(id_of(fee.fee))
        organiser = id_of(fee.account)
        try:
            charge = await self._client.v1.charges.retrieve_async(id_of(fee.charge), {}, _on(organiser))
        except stripe.PermissionError as failure:
            if not is_disconnected(failure):
                raise
            return replace(entry, account=organiser)
        payment_id = uuid_of(charge.metadata.to_dict().get(PAGE_OF))
        intent = None if charge.payment_intent is None else id_of(charge.payment_intent)
        return replace(entry, account=organiser, payment_id=payment_id, intent_ref=intent)

    @property
    def _client(self) -> StripeClient:
        if self._made is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX), cookie_jar=aiohttp.DummyCookieJar()
            )
            self._made = StripeClient(
                self._key,
                stripe_version=API_VERSION,
                base_addresses=None if self._api_url is None else {"api": self._api_url, "files": self._api_url},
                max_network_retries=0,
                http_client=stripe.AIOHTTPClient(timeout=TIMEOUT, session=self._session)
                if self._budget is None
                else BudgetedClient(self._budget, timeout=TIMEOUT, session=self._session),
            )
        return self._made


def _answered(answers: Sequence[Answer | BaseException]) -> list[Answer]:
    """Return the answers of those requests that have one. Raises `Unreachable` if none of several has."""
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    for failure in failures:
        if not isinstance(failure, stripe.StripeError | Busy):
            raise failure
        if isinstance(failure, stripe.AuthenticationError | stripe.PermissionError):
            log.error("payment_provider_refuses_key", code=failure.code)
    if failures and len(failures) == len(answers):
        raise Unreachable(why(failures[0])) from failures[0]
    return [answer for answer in answers if not isinstance(answer, BaseException)]


async def _each(ask: Callable[[Item], Awaitable[Answer]], items: Iterable[Item]) -> list[Answer]:
    """Ask for all items at the same time, and return the answers; those without one are left out."""
    return _answered(await asyncio.gather(*(ask(item) for item in items), return_exceptions=True))


async def _all(ask: Callable[[Item], Awaitable[Answer]], items: Iterable[Item]) -> list[Answer]:
    """Ask for all items at the same time, and return all answers, in order. Raises `Unreachable` if one is missing."""
    try:
        return await asyncio.gather(*(ask(item) for item in items))
    except (stripe.StripeError, Busy) as failure:
        raise Unreachable(why(failure)) from failure


def _of_refund(refund_id: UUID, refund: stripe.Refund) -> RefundAnswer:
    """Return the state of a refund. `pending` and `requires_action` are on their way."""
    if refund.status == "succeeded":
        return RefundAnswer(refund_id, RefundState.DONE, provider_ref=refund.id)
    if refund.status not in _REFUND_FAILED:
        return RefundAnswer(refund_id, RefundState.SENT, provider_ref=refund.id)
    return RefundAnswer(refund_id, RefundState.FAILED, getattr(refund, "failure_reason", refund.status), refund.id)


def _fingerprint(intent: stripe.PaymentIntent) -> str | None:
    """Return Stripe's id of the card number that paid; None without an expanded charge, or if no card paid.

    A phone's wallet pays with a number of its own (https://docs.stripe.com/api/charges/object).
    """
    found: Any = intent
    for name in ("latest_charge", "payment_method_details", "card", "fingerprint"):
        found = getattr(found, name, None)  # an absent field is no attribute
    return None if found is None else str(found)


def _report(account: stripe.Account) -> AccountReport:
    """Return the state of an account, without its balance."""
    required = account.requirements
    due = None if required is None else required.current_deadline
    return AccountReport(
        account.id,
        may_charge=bool(account.charges_enabled),
        may_pay_out=bool(account.payouts_enabled),
        requirements=()
        if required is None
        else tuple(sorted({*(required.currently_due or ()), *(required.past_due or ())})),
        due_at=None if due is None else datetime.fromtimestamp(due, UTC),
        disabled_reason=None if required is None else required.disabled_reason,
    )


def _endpoint_defects(
    name: str, endpoints: Sequence[stripe.WebhookEndpoint], url: str, events: Sequence[str]
) -> list[str]:
    """Return what is wrong with the endpoint that Stripe sends events to."""
    endpoint = next((one for one in endpoints if one.url == url), None)
    if endpoint is None:
        return [f"There is no {name} {url}: add it in Stripe's dashboard, with {', '.join(events)}"]
    found = []
    if endpoint.status != "enabled":
        found.append(f"The {name} {url} is {endpoint.status}: enable it in Stripe's dashboard")
    missing = set() if "*" in endpoint.enabled_events else set(events) - set(endpoint.enabled_events)
    if missing:
        found.append(f"The {name} does not get {', '.join(sorted(missing))}: select these events too")
    return found


def _on(account: str | None, **options: str) -> Any:
    """Return the options of a call on an account; None is the operator's own."""
    return options if account is None else {**options, "stripe_account": account}


def _is_old(begun_at: datetime | None) -> bool:
    """Return whether Stripe may have forgotten the idempotency key of a first call."""
    return begun_at is None or datetime.now(UTC) - begun_at > KEY_LIVES


def _our_id(metadata: Mapping[str, str]) -> UUID | None:
    return uuid_of(metadata.get(PAYMENT_ID) or metadata.get(CARD_ID))


async def _pages(
    ask: Callable[[Any, Any], Awaitable[Any]],
    asked: dict[str, Any],
    after: str | None = None,
    account: str | None = None,
) -> AsyncIterator[list[Any]]:
    """Yield the pages of a list from the object after `after`. Raises `Unreachable`."""
    while True:
        position = {} if after is None else {"starting_after": after}
        try:
            page = await ask({**asked, "limit": LISTED_MAX, **position}, _on(account))
        except (stripe.StripeError, Busy) as failure:
            raise Unreachable(why(failure)) from failure
        if page.data:
            yield page.data
            after = page.data[-1].id
        if not page.has_more:
            return


def _payout(payout: stripe.Payout, account: str | None) -> ProviderPayout:
    trace = None if payout.trace_id is None else payout.trace_id.value
    return ProviderPayout(
        payout.id,
        payout.amount,
        payout.currency.upper(),
        datetime.fromtimestamp(payout.created, UTC),
        datetime.fromtimestamp(payout.arrival_date, UTC).date(),
        PayoutState(payout.status),
        _LISTINGS.get(payout.reconciliation_status, Listing.NEVER),
        reference=trace,
        descriptor=payout.statement_descriptor,
        failure=payout.failure_code,
        account=account,
    )


def _entry(transaction: stripe.BalanceTransaction, account: str | None) -> BalanceEntry:
    """Return an entry. A charge has a copy of the metadata of its PaymentIntent; direct charges are made by pages only.

    An organiser may be a platform of its own: the fees of its sellers are not the operator's.
    """
    source: Any = transaction.source
    about: dict[str, Any] = {"id": source} if source is None or isinstance(source, str) else source.to_dict()
    metadata = about.get("metadata") or {}
    intent = about.get("payment_intent")
    named = metadata.get(PAGE_OF) or (metadata.get(PAYMENT_ID) if account is None else None)
    kind = _KINDS.get(transaction.reporting_category, EntryKind.OTHER)
    if account is not None and kind in (EntryKind.APPLICATION_FEE, EntryKind.APPLICATION_FEE_RETURNED):
        kind = EntryKind.OTHER
    return BalanceEntry(
        transaction.id,
        kind,
        transaction.reporting_category,
        transaction.amount,
        transaction.fee,
        transaction.net,
        transaction.currency.upper(),
        datetime.fromtimestamp(transaction.created, UTC),
        payment_id=uuid_of(named),
        refund_id=uuid_of(metadata.get(REFUND_ID)),
        intent_ref=intent["id"] if isinstance(intent, dict) else intent,
        source_ref=about["id"],
        account=account,
    )
