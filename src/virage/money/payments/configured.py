"""The payment provider that the settings name."""

from virage.money.payments.provider import NoProvider, PaymentProvider
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.payments.settings import PaymentSettings
from virage.money.payments.stripe_provider import StripeProvider
from virage.platform.settings.config import Config


def provider_of(config: Config) -> PaymentProvider:
    """Return the configured payment provider."""
    settings = config.of(PaymentSettings)
    if settings.stripe_key:
        return StripeProvider(
            settings.stripe_key,
            settings.stripe_webhook_secrets,
            currency=config.currency.code,
            merchant=config.club.name,
            methods=settings.stripe_methods,
            api_url=settings.stripe_api_url,
        )
    if settings.sandbox_url is None:
        return NoProvider()
    return SandboxProvider(
        settings.sandbox_url, settings.sandbox_key, settings.sandbox_webhook_secret, config.currency.code
    )
