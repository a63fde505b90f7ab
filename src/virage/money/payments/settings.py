"""Settings of payments."""

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Struct

from virage.platform.settings import parsing as parse
from virage.platform.settings.config import STRONG, Config, is_weak
from virage.platform.settings.origin import is_loopback


class PaymentSettings(Struct, frozen=True, kw_only=True):
    """Payment provider."""

    sandbox_url: Annotated[str | None, parse.origin] = None
    """Address of the sandbox payment provider for server and browsers, for instance http://localhost:8001."""
    sandbox_key: str = ""
    """Bearer key that Virage sends to the sandbox provider."""
    sandbox_webhook_secret: str = ""
    """HMAC-SHA256 secret of the provider's webhooks: at least 32 characters, of which 8 are different."""
    sandbox_latency_ms: Annotated[int, parse.milliseconds] = 0
    """How long the sandbox takes to answer Virage, to rehearse with the latency of a real provider."""
    sandbox_outside_demo: Annotated[bool, parse.boolean] = False
    """Let production sell for test cards of the sandbox or of Stripe, to rehearse a real installation; never for real
    sales."""
    stripe_key: Annotated[str, parse.stripe_key] = ""
    """Secret or restricted key of a Stripe account; it replaces the sandbox. See docs/guide/payments.md."""
    stripe_webhook_secrets: Annotated[tuple[str, ...], parse.secrets] = ()
    """Comma-separated signing secrets of the account's webhook endpoint, two while one is exchanged."""
    stripe_methods: Annotated[tuple[str, ...], parse.stripe_methods] = ("card",)
    """Comma-separated payment methods of Stripe's page, each of which the account must offer: card (with Apple Pay and
    Google Pay), bancontact, link."""
    stripe_sepa_debit: Annotated[bool, parse.boolean] = False
    """Offer SEPA debit on Stripe's page for events that begin more than 14 days later. The seats stay reserved until
    the bank has paid, which takes up to 14 business days; the tickets come then. Only with VIRAGE_CURRENCY=EUR."""
    stripe_calls_per_s: Annotated[int, parse.per_second] = 80
    """How many calls a second all processes together make to Stripe. An account allows about 100 live and 25 with a
    test key; other programs that use it need a part."""
    stripe_api_url: Annotated[str | None, parse.origin] = None
    """Another address than https://api.stripe.com, for tests on this machine only."""

    def contradictions(self, config: Config) -> list[str]:
        """Return contradictions between values that are valid by themselves."""
        return [*self._of_stripe(config), *self._of_sandbox(config)]

    def _of_stripe(self, config: Config) -> list[str]:
        if not self.stripe_key:
            return []
        defects = []
        if self.sandbox_url:
            defects.append("VIRAGE_STRIPE_KEY: VIRAGE_SANDBOX_URL is set too, but a deployment has one provider")
        if not self.stripe_webhook_secrets:
            defects.append("VIRAGE_STRIPE_WEBHOOK_SECRETS: VIRAGE_STRIPE_KEY needs the secret of its webhook endpoint")
        if self.stripe_api_url and not is_loopback(urlsplit(self.stripe_api_url).hostname or ""):
            defects.append("VIRAGE_STRIPE_API_URL: only an address of this machine, for tests")
        if self.stripe_sepa_debit and config.currency.code != "EUR":
            defects.append(
                "VIRAGE_STRIPE_SEPA_DEBIT: SEPA debits are in euros, but VIRAGE_CURRENCY is another currency"
            )
        is_test = "_test_" in self.stripe_key
        if is_test and not config.demo and not self.sandbox_outside_demo:
            defects.append(
                "VIRAGE_STRIPE_KEY: a test key sells real tickets for test cards; only a demonstration may use it, or "
                "a rehearsal that sets VIRAGE_SANDBOX_OUTSIDE_DEMO=1"
            )
        return defects

    def _of_sandbox(self, config: Config) -> list[str]:
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
