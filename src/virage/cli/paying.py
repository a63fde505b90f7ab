"""`virage payments check`: what keeps the payment provider's account from taking money."""

import asyncio
import sys

from virage.cli.deployment import configuration_of_running, console
from virage.money.payments.api import provider_of
from virage.platform.settings.config import Config


def check(*, accounts: bool) -> None:
    """Print a line for each defect of the configured account, and exit with 1 if there is one.

    `accounts`: also what keeps organisers from having accounts of their own.
    """
    name, found = asyncio.run(_defects(configuration_of_running(), accounts=accounts))
    for defect in found:
        console.print(defect, markup=False, soft_wrap=True)
    if found:
        sys.exit(1)
    console.print(f"Payments by {name} are ready.", markup=False, soft_wrap=True)


async def _defects(config: Config, *, accounts: bool) -> tuple[str, list[str]]:
    provider = provider_of(config)
    try:
        url = f"{config.public_url}/api/payments/webhooks/{provider.name}"
        return provider.name, list(await provider.defects(url, with_accounts=accounts))
    finally:
        await provider.close()
