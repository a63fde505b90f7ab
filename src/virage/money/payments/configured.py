"""The payment provider that the settings name."""

from virage.money.payments.call_budget import CallBudget
from virage.money.payments.provider import NoProvider, PaymentProvider
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.money.payments.settings import PaymentSettings
from virage.money.payments.stripe_provider import StripeProvider
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock


def budget_of(config: Config, db: Database, clock: Clock) -> CallBudget:
    """Return the budget of calls to the configured provider."""
    return CallBudget(db, clock, config.of(PaymentSettings).stripe_calls_per_s)


def provider_of(config: Config, budget: CallBudget | None = None) -> PaymentProvider:
    """Return the configured payment provider. Without a budget its calls are not limited: for a few calls by hand."""
    settings = config.of(PaymentSettings)
    if settings.stripe_key:
        return StripeProvider(
            settings.stripe_key,
            settings.stripe_webhook_secrets,
            currency=config.currency.code,
            merchant=config.club.name,
            methods=settings.stripe_methods,
            sepa_debit=settings.stripe_sepa_debit,
            api_url=settings.stripe_api_url,
            budget=budget,
        )
    if settings.sandbox_url is None:
        return NoProvider()
    return SandboxProvider(
        settings.sandbox_url, settings.sandbox_key, settings.sandbox_webhook_secret, config.currency.code
    )
