"""Request bodies: read whole within a size and a time limit, decoded strictly."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from virage.platform.values.deadlines import deadlines_of
from virage.platform.values.texts import Invisible, check_body
from virage.platform.web.problems import Problem

BODY_S = 20.0  # time limit for a body, plus one second for each BODY_BYTES_A_SECOND
BODY_BYTES_A_SECOND = 50_000

_JSON = b"application/json"


async def read_body(receive: Any, bytes_max: int) -> bytes:
    """Read a whole body. Raises Problem `too_large` as soon as it is larger, `invalid` if the connection ends first.

    Raises `request_timeout` if the body takes too long as a whole, so that slow clients do not hold connections. The
    server closes a connection whose request was answered before its body had arrived.
    """
    parts: list[bytes] = []
    size, more = 0, True
    loop = asyncio.get_running_loop()
    deadlines, ends = deadlines_of(loop), loop.time() + BODY_S
    try:
        async with asyncio.timeout(None) as wait:
            try:
                while more:
                    deadlines.set(wait, ends + size / BODY_BYTES_A_SECOND)
                    event: Any = await receive()
                    if event["type"] == "http.disconnect":
                        raise Problem("invalid", detail="The connection ended before the body did.")
                    part = event.get("body", b"")
                    size += len(part)
                    if size > bytes_max:
                        raise Problem("too_large")
                    parts.append(part)
                    more = event.get("more_body", False)
            finally:
                deadlines.end(wait)
    except TimeoutError:
        raise Problem("request_timeout") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def decoded(body: bytes, content_type: bytes, decode: Callable[[bytes], Any]) -> Any:
    """Return a decoded JSON body. Raises Problem `unsupported_media_type`, or `invalid` with the place of the error.

    Texts in it may not contain invisible characters.
    """
    if body and content_type.partition(b";")[0].strip().lower() != _JSON:
        raise Problem("unsupported_media_type", {"accepted": "application/json"})
    try:
        value = decode(body)
        check_body(body)
    except Invisible as error:
        raise Problem("invalid", {"errors": [{"source": error.source, "message": str(error)}]}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("invalid", {"errors": [{"source": "body", "message": str(error)}]}) from error
    return value
