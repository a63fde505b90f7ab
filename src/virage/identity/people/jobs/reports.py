"""Delivery reports about emails, stored as they arrive."""

from uuid import UUID

from virage.identity.people.acts import emails
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.settings import PeopleSettings
from virage.platform.data.database import Database
from virage.platform.mail.report_listener import ReportListener
from virage.platform.mail.reports import Report
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock


def report_listener(db: Database, config: Config, clock: Clock) -> ReportListener | None:
    """The listener of a configuration; None if it wants no reports."""
    settings = config.of(PeopleSettings)
    if settings.bounce_listen is None or settings.bounce_domain is None:
        return None
    keys = [people_keys(secret) for secret in (config.secret, *config.secrets_previous)]

    async def store(email_id: UUID, report: Report) -> None:
        async with db.transaction() as conn:
            await emails.report(conn, keys, email_id, report, clock.now())

    bounce = [key.bounce for key in keys]
    return ReportListener(bounce, store, domain=settings.bounce_domain, listen=settings.bounce_listen)
