"""Problem documents (RFC 9457). The HTTP status of a code is declared here or in the module of its domain."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct

from virage.platform.values.refusals import Refused

Granted = TypeVar("Granted")


STATUS: Final[Mapping[str, int]] = {
    "invalid": 400,
    "invalid_input": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "cross_site": 403,
    "step_up_required": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "request_timeout": 408,
    "changed_meanwhile": 409,
    "id_taken": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "unprocessable": 422,
    "too_many_attempts": 429,
    "rate_limited": 429,
    "internal": 500,
    "overloaded": 503,
    "unavailable": 503,
}
"""HTTP status of the codes that belong to no domain. Each domain declares its own in its module."""
CONFLICT: Final = 409
"""HTTP status of an undeclared code, which `checks/refusals.py` forbids."""

TITLES: dict[str, str] = {
    "invalid": "The request is not valid",
    "invalid_input": "The request is not valid",
    "unauthenticated": "Sign in first",
    "forbidden": "Your role does not allow this",
    "cross_site": "Requests from other sites are refused",
    "step_up_required": "Sign in again to confirm that it is you",
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "request_timeout": "The request took too long to arrive",
    "too_large": "The request is too large",
    "unsupported_media_type": "The media type of the body is not supported",
    "too_many_attempts": "Too many attempts",
    "rate_limited": "Too many requests",
    "internal": "Something went wrong on our side",
    "overloaded": "Too many people at once; try again in a moment",
    "unavailable": "The service is not available; try again in a moment",
}


class Problem(Exception):
    """A refusal raised by a route; the response is a problem document."""

    def __init__(
        self,
        code: str,
        data: dict[str, Any] | None = None,
        *,
        detail: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = str(code)
        self.data = data or {}
        self.detail = detail
        self.headers = headers or {}


class ProblemDocument(Struct, frozen=True, omit_defaults=True):
    """The body of every response that is not a success (application/problem+json)."""

    title: str
    status: int
    code: str
    request_id: str
    type: str = "about:blank"
    detail: str | None = None
    data: dict[str, Any] = {}


def document(problem: Problem, status: int, request_id: str) -> ProblemDocument:
    """Return the document of a problem."""
    return ProblemDocument(
        title=TITLES.get(problem.code, problem.code.replace("_", " ").capitalize()),
        status=status,
        code=problem.code,
        request_id=request_id,
        type=f"urn:virage:problem:{problem.code}",
        detail=problem.detail,
        data=problem.data,
    )


def granted(outcome: Granted | Refused) -> Granted:
    """Return the outcome, or raise a refusal as a Problem. For routes, outside of any transaction.

    `retry_after_s` in the data of the refusal is also the Retry-After of the response (RFC 9110, 10.2.3).
    """
    if isinstance(outcome, Refused):
        wait_s = outcome.data.get("retry_after_s")
        raise Problem(outcome.reason, outcome.data, headers=None if wait_s is None else {"retry-after": str(wait_s)})
    return outcome
