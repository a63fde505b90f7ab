"""The signature of a webhook: HMAC-SHA256 over its time and its body."""

import hmac
import re
from hashlib import sha256

HEADER = "virage-signature"
TOLERANCE_S = 300

_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, at_s: int) -> str:
    """Return the header value for a body sent at a Unix time."""
    return f"t={at_s},v1={_mac(secret, body, at_s)}"


def verify(secret: str, body: bytes, header: str, now_s: float) -> bool:
    """Return whether the header is a valid signature of the body, within five minutes of `now_s` (system time)."""
    parts = _FORM.fullmatch(header)
    if not secret or parts is None:
        return False
    at_s = int(parts[1])
    fresh = abs(now_s - at_s) <= TOLERANCE_S
    return hmac.compare_digest(_mac(secret, body, at_s), parts[2]) and fresh


def _mac(secret: str, body: bytes, at_s: int) -> str:
    return hmac.new(secret.encode(), b"%d.%b" % (at_s, body), sha256).hexdigest()
