"""Card readers of the stand-in for Stripe, in the shapes of Stripe's OpenAPI fixtures."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from tests.money.payments.stripe_standin import StripeStandin

Json = dict[str, Any]
CODE: Final = "simulated-wpe"
"""The registration code of Stripe's simulated readers."""
REGISTERED: Final = {CODE: "online", "simulated-waiting": "online", "simulated-offline": "offline"}


class StandinReaders:
    """Readers of an account: a test presents cards, or lets them give up."""

    def __init__(self, account: "StripeStandin", refusal: type[Exception]) -> None:
        self._account = account
        self._refusal: Any = refusal
        self.times_out = False
        """The reader begins, but the API answers that it did not answer in time."""
        self.codes_expired = False
        """No reader shows a code that still works."""
        self.begun = 0
        """How many payments readers have shown."""
        self.routes: dict[str, Callable[[web.Request, Json], Json]] = {
            "GET /v1/terminal/locations": lambda _request, _: self._listed("terminal.location"),
            "POST /v1/terminal/readers": self._register,
            "GET /v1/terminal/readers": lambda _request, _: self._listed("terminal.reader"),
            "GET /v1/terminal/readers/{id}": lambda request, _: self._of(request),
            "DELETE /v1/terminal/readers/{id}": self._delete,
            "POST /v1/terminal/readers/{id}/process_payment_intent": self._process,
            "POST /v1/terminal/readers/{id}/cancel_action": self._cancel,
        }

    def add_location(self, name: str = "Stadium") -> Json:
        """A location, as the operator creates it in Stripe's dashboard."""
        address = {"city": "Lens", "country": "FR", "line1": "1 rue du Stade", "line2": None, "postal_code": "62300"}
        return self._account._made(  # noqa: SLF001 - one account
            "tml", "terminal.location", display_name=name, address=address | {"state": None}, metadata={}
        )

    def add(self, status: str = "online") -> Json:
        """A registered reader."""
        return self._account._made(  # noqa: SLF001 - one account
            "tmr",
            "terminal.reader",
            action=None,
            device_sw_version="2.37.2.0",
            device_type="simulated_stripe_s700",
            ip_address="192.0.2.2",
            label="Bar",
            location=None,
            metadata={},
            serial_number="123-456-789",
            status=status,
            last_seen_at=int(time.time() * 1000),
        )

    def present(self, reader_id: str, decline: str | None = None) -> None:
        """Present a card at a reader that waits for one: it is charged, or declined for a reason."""
        reader = self._account.objects[reader_id]
        intent = self._account.objects[reader["action"]["process_payment_intent"]["payment_intent"]]
        assert reader["action"]["status"] == "in_progress", reader["action"]
        if intent["status"] == "canceled":
            return self.give_up(reader_id, "intent_canceled")
        if decline is None:
            reader["action"]["status"] = "succeeded"
            self._account._capture(intent)  # noqa: SLF001 - one account
            return self._send("terminal.reader.action_succeeded", reader)
        error = {"type": "card_error", "code": "card_declined", "decline_code": decline, "message": decline}
        intent |= {"status": "requires_payment_method", "last_payment_error": error}
        self._send("payment_intent.payment_failed", intent)
        return self.give_up(reader_id, "card_declined")

    def give_up(self, reader_id: str, reason: str = "card_read_timed_out") -> None:
        """Let a reader give up, for instance because no card is presented."""
        reader = self._account.objects[reader_id]
        reader["action"] |= {"status": "failed", "failure_code": reason, "failure_message": reason}
        self._send("terminal.reader.action_failed", reader)

    def _send(self, kind: str, about: Json) -> None:
        self._account._send(kind, about)  # noqa: SLF001 - one account

    def _of(self, request: web.Request) -> Json:
        return self._account._of("terminal.reader", request.match_info["id"])  # noqa: SLF001 - one account

    def _listed(self, kind: str) -> Json:
        found = [one for one in self._account.objects.values() if one["object"] == kind]
        return {"object": "list", "data": found, "has_more": False, "url": f"/v1/{kind.replace('.', '/')}s"}

    def _register(self, _request: web.Request, params: Json) -> Json:
        place = self._account.objects.get(params["location"])
        if place is None or place["object"] != "terminal.location":
            raise self._refusal(400, "invalid_request_error", "resource_missing", param="location")
        if self.codes_expired or params["registration_code"] not in REGISTERED:
            raise self._refusal(400, "invalid_request_error", None, param="registration_code")
        reader = self.add(REGISTERED[params["registration_code"]])
        reader |= {"label": params["label"], "location": place["id"], "metadata": params.get("metadata", {})}
        return reader

    def _delete(self, request: web.Request, _params: Json) -> Json:
        reader = self._of(request)
        del self._account.objects[reader["id"]]
        return {"id": reader["id"], "object": "terminal.reader", "deleted": True}

    def _process(self, request: web.Request, params: Json) -> Json:
        reader, intent = self._of(request), self._account._of("payment_intent", params["payment_intent"])  # noqa: SLF001 - one account
        if reader["status"] != "online":
            raise self._refusal(400, "invalid_request_error", "terminal_reader_offline")
        if reader["action"] is not None and reader["action"]["status"] == "in_progress":
            raise self._refusal(400, "invalid_request_error", "terminal_reader_busy")
        if intent["status"] != "requires_payment_method" or "card_present" not in intent["payment_method_types"]:
            raise self._refusal(400, "invalid_request_error", "intent_invalid_state")
        self.begun += 1
        reader["action"] = {
            "type": "process_payment_intent",
            "status": "in_progress",
            "failure_code": None,
            "failure_message": None,
            "process_payment_intent": {"payment_intent": intent["id"]},
        }
        if self.times_out:
            raise self._refusal(400, "invalid_request_error", "terminal_reader_timeout")
        return json.loads(json.dumps(reader))  # type: ignore[no-any-return]  # a copy of the answer

    def _cancel(self, request: web.Request, _params: Json) -> Json:
        reader = self._of(request)
        if self.times_out:
            raise self._refusal(400, "invalid_request_error", "terminal_reader_timeout")
        reader["action"] = None
        return reader
