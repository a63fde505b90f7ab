"""The balance of the stand-in: balance transactions of what was captured and refunded, and payouts of them.

`pay_out` collects what is not paid out yet, as Stripe's automatic payouts do. A test adds disputes, fees and
adjustments, changes transactions so that a payout does not match, and lets payouts fail.
"""

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    from aiohttp import web

Json = dict[str, Any]
FEE_PERMILLE, FEE_CENTS = 15, 25
TYPES: Final = {
    "charge_failure": "payment_failure_refund",
    "refund_failure": "refund_failure",
    "dispute": "adjustment",
    "dispute_reversal": "adjustment",
    "other_adjustment": "adjustment",
    "fee": "stripe_fee",
    "payout_reversal": "payout_failure",
    "platform_earning": "application_fee",
    "platform_earning_refund": "application_fee_refund",
}
"""Type by reporting category, where they differ."""


def id_of(prefix: str) -> str:
    """A new id."""
    return f"{prefix}_{secrets.token_hex(12)}"


class StripeBalance:
    """Balance transactions and payouts of an account; `owns` says which of the `objects` are its own."""

    def __init__(self, objects: dict[str, Json], owns: Callable[[Json], bool] = lambda _: True) -> None:
        self._objects = objects
        self._owns = owns
        self._seen: set[str] = set()
        self.pending: list[Json] = []
        """Transactions that no payout has yet."""
        self.payouts: list[Json] = []
        """Oldest first."""
        self.of_payout: dict[str, list[Json]] = {}
        """Transactions by payout, in the order in which they are listed."""
        self.away_after: int | None = None
        """So many pages are answered, then none."""
        self.pages = 0
        """Pages of transactions that were answered."""
        self._placed: tuple[tuple[str, str, int], dict[str, int]] | None = None
        self.now: Callable[[], float] = time.time

    # --- what a test does ----------------------------------------------------------------------------------------

    def add(
        self, category: str, amount: int, source: Json | None = None, *, fee: int = 0, currency: str = "eur"
    ) -> Json:
        """Add a transaction to the balance; `source` is what it is about."""
        about = {"id": id_of("src"), "object": category} | (source or {})
        transaction = {
            "id": id_of("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": int(self.now()),
            "balance_type": "payments",
            "created": int(self.now()),
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [],
            "net": amount - fee,
            "reporting_category": category,
            "source": about,
            "status": "available",
            "type": TYPES.get(category, category),
        }
        self.pending.append(transaction)
        return transaction

    def charge(self, payment_id: UUID, amount: int, **changes: Any) -> Json:
        """Add the charge of a payment that was made elsewhere."""
        fee = (amount * FEE_PERMILLE + 500) // 1000 + FEE_CENTS
        source = {"id": id_of("ch"), "payment_intent": id_of("pi"), "metadata": {"page_of": str(payment_id)}}
        return self.add("charge", amount, source | changes, fee=fee)

    def fail_debit(self, charge: Json) -> Json:
        """Take back a debit that the bank has refused after it had settled; the fee of the charge is kept."""
        return self.add("charge_failure", -charge["amount"], charge["source"])

    def collect(self) -> None:
        """Add what was captured and refunded since the last time."""
        for one in list(self._objects.values()):
            if one.get("id") in self._seen or not self._owns(one):
                continue
            if one["object"] == "payment_intent" and one["status"] == "succeeded":
                self._seen.add(one["id"])
                fee = (one["amount_received"] * FEE_PERMILLE + 500) // 1000 + FEE_CENTS
                fee += one.get("application_fee_amount") or 0
                charge = one.get("latest_charge") or id_of("ch")
                source = {"id": charge, "payment_intent": one["id"], "metadata": one["metadata"]}
                self.add("charge", one["amount_received"], source, fee=fee, currency=one["currency"])
            if one["object"] == "refund" and one["status"] == "succeeded":
                self._seen.add(one["id"])
                returned = self._objects.get(f"fee refund of {one['id']}", {}).get("amount", 0)
                self.add("refund", -one["amount"], one, fee=-returned, currency=one["currency"])
            if one["object"] == "application_fee":
                self._seen.add(one["id"])
                self.add("platform_earning", one["amount"], one, currency=one["currency"])
            if one["object"] == "fee_refund" and "fee" in one:
                self._seen.add(one["id"])
                self.add("platform_earning_refund", -one["amount"], one, currency=one["currency"])

    def pay_out(self, *, status: str = "paid", **changes: Any) -> Json:
        """Pay out the whole balance in euros, and return the payout."""
        self.collect()
        entries, self.pending = self.pending, []
        cents = sum(entry["net"] for entry in entries)
        now = int(self.now())
        payout = {
            "id": id_of("po"),
            "object": "payout",
            "amount": cents,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": now - now % 86_400,
            "automatic": True,
            "balance_transaction": None,
            "created": now,
            "currency": "eur",
            "description": "STRIPE PAYOUT",
            "destination": "ba_1",
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "completed",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": "CLUB",
            "status": status,
            "trace_id": {"status": "supported", "value": secrets.token_hex(8).upper()},
            "type": "bank_account",
        } | changes
        self.add("payout", -cents, payout)
        payout["balance_transaction"] = self.pending[-1]["id"]
        entries.append(self.pending.pop())
        self.payouts.append(payout)
        self.of_payout[payout["id"]] = entries[::-1]
        return payout

    def fail(self, payout: Json) -> None:
        """Let a payout fail at the bank: its money comes back to the balance."""
        back = self.add("payout_reversal", payout["amount"], payout)
        payout |= {
            "status": "failed",
            "failure_code": "account_closed",
            "failure_balance_transaction": back["id"],
        }

    # --- the API -------------------------------------------------------------------------------------------------

    def list_payouts(self, _request: "web.Request", params: Json) -> Json:
        """GET /v1/payouts."""
        since = int(params.get("created", {}).get("gte", 0))
        return self._page([one for one in reversed(self.payouts) if one["created"] >= since], params, "/v1/payouts")

    def list_transactions(self, _request: "web.Request", params: Json) -> Json:
        """GET /v1/balance_transactions."""
        if "payout" not in params:
            return self._page(self.pending, params, "/v1/balance_transactions")
        page = self._page(self.of_payout[params["payout"]], params, "/v1/balance_transactions")
        self.pages += 1
        if "data.source" not in params.get("expand", []):
            page["data"] = [one | {"source": one["source"]["id"]} for one in page["data"]]
        return page

    def _page(self, listed: list[Json], params: Json, url: str) -> Json:
        if self.away_after is not None:
            if self.away_after == 0:
                raise ConnectionError
            self.away_after -= 1
        limit = int(params.get("limit", 10))
        first = 0
        if "starting_after" in params:
            first = self._places(listed)[params["starting_after"]] + 1
        shown = listed[first : first + limit]
        return {"object": "list", "data": shown, "has_more": first + limit < len(listed), "url": url}

    def _places(self, listed: list[Json]) -> dict[str, int]:
        """The place of each object in a list; the last list is remembered, because it is asked for page by page."""
        key = (listed[0]["id"], listed[-1]["id"], len(listed))
        if self._placed is None or self._placed[0] != key:
            self._placed = (key, {one["id"]: place for place, one in enumerate(listed)})
        return self._placed[1]
