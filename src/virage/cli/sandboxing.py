"""`virage sandbox`: the sandbox payment provider, a process that imports no domain."""

import os

import virage_sandbox
from virage.cli.deployment import configuration
from virage.money.payments.types import PaymentSettings
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs


def run() -> None:
    """Run the sandbox payment provider. Raises ValueError if none is configured."""
    die_with_parent()
    config = configuration(os.environ)
    logs.configure(config.log_level, "sandbox")
    settings = config.of(PaymentSettings)
    if settings.sandbox_url is None:
        raise ValueError("VIRAGE_SANDBOX_URL is not set: there is no sandbox to serve.")
    virage_sandbox.run(
        virage_sandbox.Settings(
            url=settings.sandbox_url,
            key=settings.sandbox_key,
            webhook_secret=settings.sandbox_webhook_secret,
            webhook_url=config.public_url + "/api/payments/webhooks/sandbox",
            folder=str(config.var_dir / "sandbox"),
            merchant=config.club.name,
            latency_s=settings.sandbox_latency_ms / 1000,
        )
    )
