"""HTTP client of Stripe's library that keeps to the budget of calls, also after Stripe refuses one for the rate."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import stripe

from virage.money.payments.call_budget import CallBudget
from virage.money.payments.rules import CallLane, CallRequest
from virage.platform.settings.logs import log

REFUSALS_MAX: Final = 3
"""How often a call that Stripe refuses for the rate (429) is made."""
JOB_CALLS_MAX: Final = 16
"""So many calls of jobs are made at the same time, so that a long job does not book the lane for minutes."""
_OF_A_JOB: Final = CallRequest(CallLane.JOB, timedelta(seconds=10))
_call: ContextVar[CallRequest] = ContextVar("call", default=_OF_A_JOB)


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
