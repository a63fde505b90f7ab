"""Connected accounts of the stand-in for Stripe: their creation and onboarding, application fees, and balances.

A request with the header `Stripe-Account` acts on that account's objects and sees no others, as at Stripe.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.money.payments.stripe_balance import StripeBalance, id_of

if TYPE_CHECKING:
    from aiohttp import web

Json = dict[str, Any]
NEW: Final[Json] = {
    "object": "account",
    "charges_enabled": False,
    "payouts_enabled": False,
    "details_submitted": False,
    "default_currency": "eur",
    "country": "FR",
    "type": "standard",
    "capabilities": {"card_payments": "inactive"},
}


def requirements(*due: str, deadline: int | None = None, disabled_reason: str | None = None) -> Json:
    """What Stripe requires of an account."""
    return {
        "alternatives": [],
        "current_deadline": deadline,
        "currently_due": list(due),
        "disabled_reason": disabled_reason,
        "errors": [],
        "eventually_due": list(due),
        "past_due": [],
        "pending_verification": [],
    }


class StripeConnect:
    """The accounts that the operator's account is connected with."""

    def __init__(self, objects: dict[str, Json]) -> None:
        self._objects = objects
        self.current: str | None = None
        """The account that the present request acts on; None: the operator's own."""
        self.owners: dict[str, str | None] = {}
        """Account by id of object."""
        self.accounts: dict[str, Json] = {}
        self.disconnected: set[str] = set()
        self.refused: Exception | None = None
        """How new accounts are refused, for instance because the platform's profile is not complete."""
        self.balances: dict[str | None, StripeBalance] = {
            None: StripeBalance(objects, lambda one: self.owns(one, None))
        }

    def owns(self, one: Json, account: str | None) -> bool:
        """Whether an object belongs to an account."""
        return self.owners.get(one.get("id", "")) == account

    def knows(self, account: str | None) -> bool:
        """Whether the operator may act on an account."""
        return account is None or (account in self.accounts and account not in self.disconnected)

    @contextmanager
    def on(self, account: str | None) -> Iterator[None]:
        """Act on an account."""
        before, self.current = self.current, account
        try:
            yield
        finally:
            self.current = before

    def add(self, account: Json) -> Json:
        """Connect an account."""
        self.accounts[account["id"]] = account
        self.balances[account["id"]] = StripeBalance(self._objects, lambda one: self.owns(one, account["id"]))
        self.balances[account["id"]].now = self._now
        return account

    def _now(self) -> float:
        return self.balances[None].now()

    def connect(self, **changes: Any) -> str:
        """Connect an account that may charge and pay out; return its id."""
        ready = {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
        made = {"id": id_of("acct"), "created": int(time.time()), "metadata": {}, "requirements": requirements()}
        return str(self.add(NEW | made | ready | changes)["id"])

    # --- the API -------------------------------------------------------------------------------------------------

    def create(self, _request: "web.Request", params: Json) -> Json:
        """POST /v1/accounts."""
        if self.refused is not None:
            raise self.refused
        return self.add(
            NEW
            | {
                "id": id_of("acct"),
                "created": int(time.time()),
                "controller": params["controller"],
                "business_profile": params["business_profile"],
                "metadata": params["metadata"],
                "requirements": requirements("external_account", "tos_acceptance.date"),
            }
        )

    def listed(self, _request: "web.Request", params: Json) -> Json:
        """GET /v1/accounts."""
        since = int(params.get("created", {}).get("gte", 0))
        found = [one for one in reversed(self.accounts.values()) if one["created"] >= since]
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/accounts"}

    def balance(self, _request: "web.Request", _params: Json) -> Json:
        """GET /v1/balance."""
        kept = self.balances[self.current]
        kept.collect()
        cents = sum(one["net"] for one in kept.pending)
        return {
            "object": "balance",
            "livemode": False,
            "available": [{"amount": cents, "currency": "eur", "source_types": {"card": cents}}],
            "pending": [{"amount": 0, "currency": "eur", "source_types": {"card": 0}}],
        }
