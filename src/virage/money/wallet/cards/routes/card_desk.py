"""One process's desk of cards: messages are checked as they arrive, and what arrives together is taken together."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from virage.identity.keys.api import DeviceKeyring
from virage.identity.keys.types import HolderKey
from virage.money.wallet.cards.acts.card_pins import begin_pin_try, end_pin_try
from virage.money.wallet.cards.acts.cards import CardSecrets
from virage.money.wallet.cards.acts.taps import take_taps
from virage.money.wallet.cards.rules.cards import Reason, Tap, TapOutcome, still_looks
from virage.money.wallet.cards.rules.sun import SunMessage, look_id, verify
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import ANONYMOUS, Principal
from virage.platform.web.limits import Limits

CARDS_OFF: Final = Refused(Reason.CARDS_OFF)
NOBODY: Final = Principal("anonymous", UUID(int=0))
"""All who have no session, where they are counted together."""
CARDS_OWN: Final = frozenset({"card_id", "counter"})
"""Members of a refusal for the owner only: the wallet of an anonymous card has the id of the card."""
_UUID_BYTES: Final = 16


def to_strangers(refused: Refused) -> Refused:
    """Return a refusal without the members for the owner."""
    return replace(refused, data={name: value for name, value in refused.data.items() if name not in CARDS_OWN})


class CardDesk:
    """Verifies taps, takes those of pages in batches, tries PINs, knows the keys of tills.

    `secrets` None: the deployment has no cards.
    """

    def __init__(self, db: Database, clock: Clock, secrets: CardSecrets | None) -> None:
        self._db = db
        self._clock = clock
        self._limits = Limits()
        self._keyring = DeviceKeyring(db)
        self.secrets = secrets
        self.taps: Batcher[Tap, TapOutcome] = Batcher(self._take)

    def tap(self, tap_id: UUID, message: SunMessage) -> Tap | Refused:
        """Verify what a card showed; refused where the deployment has no key for cards. A forged one is a tap too."""
        return CARDS_OFF if self.secrets is None else Tap(tap_id, verify(message, self.secrets.keys))

    async def till_key(self, till_id: UUID) -> HolderKey | None:
        """The public key of a till; None for what is no device."""
        return await self._keyring.key(till_id)

    def code_hash(self, code: str) -> bytes | Refused:
        """What is stored of a printed code."""
        return CARDS_OFF if self.secrets is None else self.secrets.codes.hash(code)

    async def look(self, message: SunMessage, asker: Principal = ANONYMOUS) -> TapOutcome:
        """Use up the tap that opened a page; only the page may repeat it, for five minutes.

        Raises `rate_limited` for too many taps of a card, and for too many forged taps: per session, and together for
        clients without one. Valid taps are verified before this limit, so that forged ones do not lock out others.
        """
        tap = self.tap(look_id(message), message)
        if isinstance(tap, Refused):
            return tap
        if tap.seen is None:
            known = asker.session_id is not None or asker.id is not None
            self._limits.take("costly" if known else "forged", asker if known else NOBODY)
            return Refused(Reason.TAP_FORGED)
        self._limits.take("costly", Principal("anonymous", UUID(bytes=tap.seen.uid.ljust(_UUID_BYTES, b"\0"))))
        taken = await self.taps.submit(tap)
        return taken if isinstance(taken, Refused) else still_looks(taken, self._clock.now())

    async def confirm(self, card_id: UUID, pin: str) -> Refused | None:
        """Try a card's PIN, beside the event loop and outside of any transaction; None when it is right."""
        tried = await self._db.transact(begin_pin_try, card_id)
        if isinstance(tried, Refused):
            return tried
        right = await asyncio.to_thread(tried.right, pin)
        return await self._db.transact(end_pin_try, tried, right=right, now=self._clock.now())

    async def _take(self, taps: Sequence[Tap]) -> list[TapOutcome]:
        async with self._db.transaction() as conn:
            return await take_taps(conn, taps, self._clock.now())
