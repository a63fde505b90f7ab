"""A limit for every wait on a pooled connection, with one timer for all of them.

A timer for each statement, as asyncpg's `command_timeout` sets, costs 2 us of the 17 us of processor that a cheap
statement takes in this process. So once a second is looked which connections have been waiting for the server since the
last looks, and those that have for too long are cut: whoever waits is told that the connection is lost, whatever they
wait for (a statement, commit, rollback, the end of a cancelled statement, the release).
"""

import asyncio
from typing import Any, Final

from virage.platform.data.connecting import SILENCE_S, Lent
from virage.platform.settings.logs import log

LOOK_S: Final = 1.0


class Loan:
    """A connection in somebody's hands, and for how many looks nothing has moved on it."""

    __slots__ = ("asked", "connection", "is_returning", "looks")

    def __init__(self, connection: Lent) -> None:
        self.connection = connection
        self.asked = -1
        self.looks = 0
        self.is_returning = False


class Watch:
    """The connections of a pool that are lent now."""

    def __init__(self) -> None:
        self._loans: set[Loan] = set()
        self._is_armed = False

    def begin(self, connection: Lent) -> Loan:
        """Watch a connection that was lent."""
        loan = Loan(connection)
        self._loans.add(loan)
        if not self._is_armed:
            self._is_armed = True
            asyncio.get_running_loop().call_later(LOOK_S, self._look)
        return loan

    def end(self, loan: Loan) -> None:
        """Forget a connection that was returned. One whose return is not waited for is forgotten by the next look."""
        self._loans.discard(loan)

    def _look(self) -> None:
        """Count looks, not seconds: after a halt of this process the answers that wait for it are read first."""
        for loan in list(self._loans):
            lent: Any = loan.connection  # the stubs of asyncpg do not know what is looked at here
            if lent._con is None or lent._con._protocol is None:  # noqa: SLF001 - nothing public says so
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
    """Whether a statement or a transaction is open: between two of a transaction nobody may take so long either."""
    return bool(
        lent._stmt_exclusive_section._acquired  # noqa: SLF001 - held during each statement with parameters
        or lent._top_xact is not None  # noqa: SLF001 - from `begin` on
        or lent._protocol.is_in_transaction()  # noqa: SLF001 - until the answer to `commit`
    )
