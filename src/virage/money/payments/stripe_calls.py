"""Calls to Stripe: a client that keeps to the budget, also after Stripe refuses one for the rate; reading answers."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, TypeVar
from uuid import UUID

import stripe

from virage.money.payments.call_budget import CallBudget
from virage.money.payments.rules import CallLane, CallRequest
from virage.platform.settings.logs import log

PAYMENT_ID: Final = "payment_id"
"""Metadata that names our payment."""
LISTED_MAX: Final = 100
"""Objects per page of a list (https://docs.stripe.com/api/pagination)."""
MISSING: Final = "resource_missing"
NO_SUCH_ACCOUNT: Final = "account_invalid"
REFUSALS_MAX: Final = 3
"""How often a call that Stripe refuses for the rate (429) is made."""
JOB_CALLS_MAX: Final = 16
"""So many calls of jobs are made at the same time, so that a long job does not book the lane for minutes."""
_OF_A_JOB: Final = CallRequest(CallLane.JOB, timedelta(seconds=10))
Answer = TypeVar("Answer")
_call: ContextVar[CallRequest] = ContextVar("call", default=_OF_A_JOB)
stripe.enable_telemetry = False  # the library sends the duration of each request, and an id of the machine


@contextmanager
def urgent(patience: timedelta) -> Iterator[None]:
    """Make the calls inside as those of a fan who waits, for at most `patience` each."""
    token = _call.set(CallRequest(CallLane.FAN, patience))
    try:
        yield
    finally:
        _call.reset(token)


class BudgetedClient(stripe.AIOHTTPClient):
    """Makes each call at its moment of the budget. Raises `Busy` for a call that would have to wait too long."""

    def __init__(self, budget: CallBudget, **options: Any) -> None:
        super().__init__(**options)
        self._budget = budget
        self._jobs = asyncio.Semaphore(JOB_CALLS_MAX)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Return body, status and headers of the answer."""
        call = _call.get()
        if call.lane is CallLane.FAN:
            return await self._request(call, method, url, headers, post_data)
        async with self._jobs:
            return await self._request(call, method, url, headers, post_data)

    async def _request(self, call: CallRequest, *request: Any) -> tuple[bytes, int, Mapping[str, str]]:
        for refusals in range(1, REFUSALS_MAX + 1):
            await self._budget.take(call)
            answer = await super().request_async(*request)
            if answer[1] != HTTPStatus.TOO_MANY_REQUESTS:
                break
            log.warning("payment_provider_rate_limited", refusals=refusals)
            await self._budget.pause()
        return answer


def why(failure: BaseException) -> str:
    """Return the kind of a failure, with status, code and parameter if Stripe names them."""
    named = (getattr(failure, name, None) for name in ("http_status", "code", "param"))
    return " ".join([type(failure).__name__, *(str(value) for value in named if value)])


def is_disconnected(failure: stripe.PermissionError) -> bool:
    """Return whether Virage may not use an account: its organiser has ended the connection, or there is none."""
    return failure.error is not None and failure.error.code == NO_SUCH_ACCOUNT


async def unless_missing(asked: Awaitable[Answer]) -> Answer | None:
    """Return an answer; None if there is no such object, or no connection to the account any more."""
    try:
        return await asked
    except stripe.PermissionError as failure:
        if is_disconnected(failure):
            return None
        raise
    except stripe.InvalidRequestError as failure:
        if failure.code == MISSING:
            return None
        raise


def id_of(value: Any) -> str:
    """Return the id of an object that may be expanded."""
    return value if isinstance(value, str) else str(value["id"])


def uuid_of(text: str | None) -> UUID | None:
    """Return an id of ours from metadata, or None."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
