"""Load, pay, hold, capture, void and repeat, many at once and in any order, through two processes'
connections.

Hypothesis draws handfuls of entries and posts each handful concurrently. A model that knows only
the confirmed entries must agree with the books afterwards, and the books must be consistent.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.money.wallet.ledger.books import DRAWER, NOW
from virage.money.wallet.accounts.acts import open_wallets
from virage.money.wallet.funding.reads.audit import audit
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Outcome, Posted, Step, Transfer, account, wallet_account
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id

Answer = TypeVar("Answer")
WALLETS = 3
TILLS = [account(AccountKind.REVENUE, f"till {number}") for number in range(2)]
WISHES = st.one_of(
    st.tuples(st.just("load"), st.integers(0, WALLETS - 1), st.integers(1, 900)),
    st.tuples(st.just("pay"), st.integers(0, WALLETS - 1), st.integers(1, 900)),
    st.tuples(st.just("hold"), st.integers(0, WALLETS - 1), st.integers(1, 900)),
    st.tuples(st.just("capture"), st.integers(0, 99), st.integers(1, 900)),
    st.tuples(st.just("void"), st.integers(0, 99), st.just(0)),
    st.tuples(st.just("again"), st.integers(0, 99), st.just(0)),
)


class LedgerMachine(RuleBasedStateMachine):
    """Two processes that post, and the responses that their clients got."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.processes: list[Database] = []
        self.wallets: list[UUID] = []
        self.sent: list[Transfer] = []
        self.confirmed: dict[UUID, Transfer] = {}

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        async def begin() -> None:
            self.processes = [await Database.open(self.url, connections_max=4) for _ in range(2)]
            self.wallets = [new_id() for _ in range(WALLETS)]
            async with self.processes[0].transaction() as conn:
                await conn.execute(
                    "truncate wallet_ledger.account, wallet_ledger.transfer, wallet_accounts.purse cascade"
                )
                await open_wallets(conn, dict.fromkeys(self.wallets), NOW)

        self.run(begin())

    def teardown(self) -> None:
        async def end() -> None:
            for db in self.processes:
                await db.close()

        self.run(end())
        self.loop.close()

    def transfer(self, what: str, which: int, cents: int) -> Transfer | None:
        if what in ("load", "pay", "hold"):
            mine, till = wallet_account(self.wallets[which]), TILLS[cents % 2]
            debit, credit = (DRAWER, mine) if what == "load" else (mine, till)
            return Transfer(new_id(), debit, credit, cents, what, mine.id, Step.HOLD if what == "hold" else Step.POST)
        if what == "again":
            return self.sent[which % len(self.sent)] if self.sent else None
        holds = [one for one in self.confirmed.values() if one.step is Step.HOLD]
        if not holds:
            return None
        held = holds[which % len(holds)]
        step = Step.CAPTURE if what == "capture" else Step.VOID
        return Transfer(new_id(), held.debit, held.credit, cents or held.cents, what, held.subject, step, held.id)

    @rule(wishes=st.lists(st.lists(WISHES, min_size=1, max_size=4), min_size=1, max_size=4))
    def post(self, wishes: Sequence[Sequence[tuple[str, int, int]]]) -> None:
        """Post batches, one for each inner list, concurrently and alternately through both
        processes.
        """
        batches = [[made for wish in batch if (made := self.transfer(*wish))] for batch in wishes]

        async def one(number: int, batch: Sequence[Transfer]) -> list[Outcome]:
            async with self.processes[number % 2].transaction() as conn:
                return await ledger.post(conn, [[transfer] for transfer in batch], NOW)

        async def together() -> list[list[Outcome]]:
            return await asyncio.gather(*(one(number, batch) for number, batch in enumerate(batches)))

        for batch, outcomes in zip(batches, self.run(together()), strict=True):
            self.sent += batch
            for transfer, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Posted):
                    self.confirmed[transfer.id] = transfer

    @invariant()
    def the_books_are_what_was_confirmed(self) -> None:
        if not self.wallets:
            return

        async def look() -> tuple[Counter[UUID], int, bool]:
            async with self.processes[0].transaction() as conn:
                rows = await conn.fetch("select id, balance_cents - held_cents as left from wallet_ledger.account")
                found = await audit(conn)
            return Counter({row["id"]: row["left"] for row in rows}), found.sum_cents, not found.balance_mismatches

        left, total, agree = self.run(look())
        expected: Counter[UUID] = Counter()
        for transfer in self.confirmed.values():
            held = self.confirmed[transfer.hold_id].cents if transfer.hold_id else 0
            expected[transfer.debit.id] += held - (0 if transfer.step is Step.VOID else transfer.cents)
            if transfer.step in (Step.POST, Step.CAPTURE):
                expected[transfer.credit.id] += transfer.cents
        assert {id_: cents for id_, cents in expected.items() if cents} == {
            id_: cents for id_, cents in left.items() if cents
        }
        assert all(left[one] >= 0 for one in self.wallets)
        assert (total, agree) == (0, True)


def test_after_concurrent_transfers_the_ledger_matches_the_confirmations(database_url: str) -> None:
    machine = type("Machine", (LedgerMachine,), {"url": database_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
