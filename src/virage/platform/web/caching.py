"""Values of `cache-control` for responses that are the same for all clients."""

from typing import Final

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""For content that never changes at its address."""
FOR_A_SECOND: Final = "public, max-age=1"
"""For growing content: simultaneous requests are served once by a cache."""
