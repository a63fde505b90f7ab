"""Scheduled work of keys: reseal signing keys after a rotation of the secret."""

from typing import Final

import structlog

from virage.identity.keys import acts
from virage.identity.keys.rules.vault import KeyVault, SealBroken
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs

RESEAL_EVERY_S: Final = 600

_log = structlog.get_logger(__name__)


class KeyJobs:
    """The scheduled jobs of keys."""

    def __init__(self, db: Database, vault: KeyVault) -> None:
        self._db = db
        self._vault = vault

    def register(self, jobs: Jobs) -> None:
        """Register the job with a worker."""
        jobs.every(RESEAL_EVERY_S, "passes.reseal", self.reseal)

    async def reseal(self) -> None:
        """Reseal keys that a previous secret seals; afterwards that secret can be removed."""
        try:
            async with self._db.transaction() as conn:
                count = await acts.reseal_keys(conn, self._vault)
        except SealBroken as broken:
            _log.error("pass_key_does_not_open", event_id=str(broken))
            return
        if count:
            _log.info("pass_keys_resealed", count=count)
