"""The check that functions that may refuse run in `Database.transact`."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from checks.transactions import faults, may_refuse
from virage.platform.values.refusals import Refused

Outcome = int | Refused
ROUTES, ACTS = Path("venue/routes.py"), Path("venue/acts/ground.py")


async def alone() -> Refused | None:
    return None


async def aliased() -> Outcome:
    return 1


async def many() -> list[Outcome]:
    return []


async def never() -> int:
    return 1


NAMES = {"acts": SimpleNamespace(aliased=aliased, many=many), "never": never}


@pytest.mark.parametrize(("function", "refuses"), [(alone, True), (aliased, True), (many, False), (never, False)])
def test_acts_that_may_refuse_are_known_by_their_return_type(function: object, refuses: bool) -> None:
    assert may_refuse(function) is refuses


def test_acts_that_may_refuse_are_found_in_a_transaction() -> None:
    source = """
async def route(db):
    async def inner(conn: Connection) -> int | Refused: ...
    async with opened() as db, db.transaction() as conn:
        await never(conn)
        await acts.many(conn)
        await acts.aliased(conn)
        await inner(conn)
    await db.transact(acts.aliased)
"""
    seen: Counter[str] = Counter()
    assert faults(source, ROUTES, NAMES, seen) == [
        "venue/routes.py:7: acts.aliased may refuse: run it in Database.transact",
        "venue/routes.py:8: inner may refuse: run it in Database.transact",
    ]
    assert seen["transactions"] == 1
    assert seen["acts that may refuse"] == 1


def test_raised_refusals_are_found_inside_transactions() -> None:
    source = """
async def route(db):
    async with db.transaction() as conn:
        granted(1)
    granted(2)

async def act(conn: Connection):
    granted(3)
"""
    assert [fault.split(": ")[0] for fault in faults(source, ROUTES, {}, Counter())] == [
        "venue/routes.py:4",
        "venue/routes.py:8",
    ]


def test_an_act_that_raises_a_problem_is_found() -> None:
    source = "def act():\n    raise Problem('full')\n"
    assert faults(source, ROUTES, {}, Counter()) == []
    assert faults(source, ACTS, {}, Counter()) == ["venue/acts/ground.py:2: Problem is for routes: return a refusal"]
