"""A limit for every wait on a pooled connection, with one timer for all of them.

A timer for each statement, as asyncpg's `command_timeout` sets, costs 2 us of the 17 us of processor that a cheap
statement takes in this process. Instead, a check once a second finds the connections that have been waiting for the
server since earlier checks, and cuts those that have waited too long. Their callers get a lost connection, whether they
wait for a statement, commit, rollback, the end of a cancelled statement, or the release.
"""

import asyncio
from typing import Any, Final

from virage.platform.data.connecting import SILENCE_S, Lent
from virage.platform.settings.logs import log

LOOK_S: Final = 1.0


class Loan:
    """A connection in use, and the number of checks since it last made progress."""

    __slots__ = ("asked", "connection", "is_returning", "looks")

    def __init__(self, connection: Lent) -> None:
        self.connection = connection
        self.asked = -1
        self.looks = 0
        self.is_returning = False


class Watch:
    """The connections of a pool that are in use."""

    def __init__(self) -> None:
        self._loans: set[Loan] = set()
        self._is_armed = False

    def begin(self, connection: Lent) -> Loan:
        """Start watching a connection."""
        loan = Loan(connection)
        self._loans.add(loan)
        if not self._is_armed:
            self._is_armed = True
            asyncio.get_running_loop().call_later(LOOK_S, self._look)
        return loan

    def end(self, loan: Loan) -> None:
        """Stop watching a returned connection. One whose return is not awaited is dropped by the next check."""
        self._loans.discard(loan)

    def _look(self) -> None:
        """Count checks, not seconds: after a pause of this process the answers that have arrived are read first."""
        for loan in list(self._loans):
            lent: Any = loan.connection  # private attributes that the stubs of asyncpg do not have
            if lent._con is None or lent._con._protocol is None:  # noqa: SLF001 - there is no public way
                self._loans.discard(loan)
                continue
            asked = lent._protocol.queries_count  # noqa: SLF001 - as above
            if asked == loan.asked and (loan.is_returning or _waits(lent)):
                loan.looks += 1
            else:
                loan.asked, loan.looks = asked, 0
            if loan.looks * LOOK_S >= SILENCE_S:
                log.error("database_silent", seconds=SILENCE_S)
                self._loans.discard(loan)
                lent.terminate()
        self._is_armed = bool(self._loans)
        if self._is_armed:
            asyncio.get_running_loop().call_later(LOOK_S, self._look)


def _waits(lent: Any) -> bool:
    """Return whether a statement or a transaction is open: a transaction may not stay idle so long either."""
    return bool(
        lent._stmt_exclusive_section._acquired  # noqa: SLF001 - held during each statement with parameters
        or lent._top_xact is not None  # noqa: SLF001 - from `begin` on
        or lent._protocol.is_in_transaction()  # noqa: SLF001 - until the answer to `commit`
    )
