"""Settings of payments."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse
from virage.platform.settings.config import STRONG, Config, is_weak


class PaymentSettings(Struct, frozen=True, kw_only=True):
    """Payment provider."""

    sandbox_url: Annotated[str | None, parse.origin] = None
    """Address of the sandbox payment provider for server and browsers, for instance http://localhost:8001."""
    sandbox_key: str = ""
    """Bearer key that Virage sends to the sandbox provider."""
    sandbox_webhook_secret: str = ""
    """HMAC-SHA256 secret of the provider's webhooks: at least 32 characters, of which 8 are different."""
    sandbox_outside_demo: Annotated[bool, parse.boolean] = False
    """Let production sell for the sandbox's test cards, to rehearse a real installation; never for real sales."""

    def contradictions(self, config: Config) -> list[str]:
        """Return contradictions between values that are valid by themselves."""
        if not self.sandbox_url:
            return []
        defects = []
        if not self.sandbox_key:
            defects.append("VIRAGE_SANDBOX_KEY: VIRAGE_SANDBOX_URL needs it")
        if is_weak(self.sandbox_webhook_secret):
            defects.append(f"VIRAGE_SANDBOX_WEBHOOK_SECRET: VIRAGE_SANDBOX_URL needs it, {STRONG}")
        if not config.demo and not self.sandbox_outside_demo:
            defects.append(
                "VIRAGE_SANDBOX_URL: the sandbox sells real tickets for test cards; only a demonstration may use it, "
                "or a rehearsal that sets VIRAGE_SANDBOX_OUTSIDE_DEMO=1"
            )
        return defects
