"""Checks at the OpenID provider whether each person who uses it still has access, and their groups."""

import asyncio

from virage.identity.people import acts
from virage.identity.people.openid_provider import OpenIdProvider, ProviderAway, ProviderRefused
from virage.identity.people.rules.openid import InvalidToken
from virage.identity.people.rules.people_config import PeopleConfig
from virage.identity.people.rules.sso import DueCheck
from virage.identity.people.store import sso as store
from virage.platform.data.database import Database
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

CHECK_INTERVAL_S = 15.0
AT_ONCE = 16


class SsoChecks:
    """Checks accounts in turn, each every five minutes, by their refresh tokens."""

    def __init__(self, db: Database, config: PeopleConfig, provider: OpenIdProvider, clock: Clock) -> None:
        self._db = db
        self._config = config
        self._provider = provider
        self._clock = clock

    async def run(self) -> None:
        """Check all accounts that are due."""
        while True:
            async with self._db.transaction() as conn:
                due = await store.take_due_checks(conn, self._config.all_keys, self._clock.now(), AT_ONCE)
            if not due:
                return
            failures = list(filter(None, await asyncio.gather(*map(self._check, due))))
            if failures:
                log.warning("openid_provider_away", asked=failures[0], accounts=len(failures))

    async def _check(self, check: DueCheck) -> str | None:
        """Check one account; return why the provider was unreachable. Accounts of a former provider lose access."""
        if check.issuer != self._provider.sso.issuer:
            await self._end(check, f"{check.issuer} is not the provider any more")
            return None
        try:
            proof = await self._provider.refreshed(check.subject, check.refresh_token)
        except ProviderRefused as refusal:
            await self._end(check, str(refusal))
        except (ProviderAway, InvalidToken) as failure:
            await self._db.transact(acts.record_away, check, self._clock.now())
            return str(failure)
        else:
            await self._db.transact(acts.record_check, self._config, check, proof, self._clock.now())
        return None

    async def _end(self, check: DueCheck, why: str) -> None:
        log.info("sso_refused", why=why, person=check.person_id)
        await self._db.transact(acts.end_access, check, self._clock.now())
