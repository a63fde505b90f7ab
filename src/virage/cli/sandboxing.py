"""`virage sandbox`: a payment provider of our own, in a process that imports none of the domains."""

import os

import virage_sandbox
from virage.cli.house import configuration
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs


def run() -> None:
    """Run the sandbox payment provider; raises ValueError where none is configured."""
    die_with_parent()
    config = configuration(os.environ)
    logs.configure(config.log_level, "sandbox")
    if config.sandbox_url is None:
        raise ValueError("VIRAGE_SANDBOX_URL is not set: there is no sandbox to serve.")
    virage_sandbox.run(
        virage_sandbox.Settings(
            url=config.sandbox_url,
            key=config.sandbox_key,
            webhook_secret=config.sandbox_webhook_secret,
            webhook_url=config.public_url + "/api/payments/webhooks/sandbox",
            folder=str(config.var_dir / "sandbox"),
            merchant=config.club.name,
        )
    )
