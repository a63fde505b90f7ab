"""How long a phone, or a cache between, may keep an answer that is everybody's: values of `cache-control`."""

from typing import Final

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""What never changes at its address."""
FOR_A_SECOND: Final = "public, max-age=1"
"""What grows: a crowd that asks at once is answered once."""
