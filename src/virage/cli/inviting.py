"""`virage invite`: invite the first administrator."""

import asyncio

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, console, database, fail
from virage.identity.people import api as people
from virage.identity.people.types import invitation_link
from virage.platform.settings.config import Config
from virage.platform.values.refusals import Refused


def invite(email: str) -> None:
    """Print the link that makes this address the first administrator. Refused if there is one."""
    with database(configuration_of_running()) as config:
        invited = asyncio.run(_invite(config, email))
    if isinstance(invited, Refused):
        raise fail(f"Refused: {invited.reason}. Further staff are invited in the office.")
    link = invitation_link(config.public_url, invited.code)
    console.print(
        f"Open this link and sign in as {email}, before {invited.expires_at:%d %B %H:%M} UTC:\n{link}", markup=False
    )


async def _invite(config: Config, email: str) -> people.FirstAdmin | Refused:
    async with opened(config) as db:
        return await db.transact(people.invite_first_admin, email, clock_of(config).now())
