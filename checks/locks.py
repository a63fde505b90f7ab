"""docs/locks.md lists the lock declarations of the modules. `python -m checks.locks --write`
regenerates it.
"""

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from virage.app.domains import LOCK_EXCEPTIONS, LOCK_ORDER, LOCK_PLACES, LOCKED_UNDER, LockPlace
from virage.platform.module import LockException

PAGE = Path("docs/locks.md")
WIDTH = 100
HEAD = """
# The order of locks

This page is written by `python -m checks.locks --write` from what the modules declare (`lock_ranks`
and `lock_exceptions` of each `module.py`, `LOCK_PLACES` in `src/virage/app/domains.py`). [Decision
0050](decisions/0050-the-order-of-locks-is-data.md) says why.

## Rules

1. A transaction that waits for a row lock holds no lock of a later place. So two transactions never
   wait for each other.
2. Several rows of one table are locked in the order of their keys: by one select with `order by`
   and `for no key update`, or by a select of this kind inside the statement that writes.
3. A table *under* another one is read and written freely, and its rows change only in a transaction
   that has locked the row above. They have no place of their own.
4. A query with `skip locked` never waits, so it may run at any point of a transaction. The rows
   that it locked count as locked at their place.
5. An insert with `on conflict` locks the row with its key. Any other insert has a new key, so no
   other transaction waits for it, and its table needs no place: append-only tables (the journal,
   records, transfers, entries of a feed) have none.
6. A foreign key holds the row that it names (`for key share`). This waits only for a transaction
   that deletes the row or changes a key of it, so such tables are locked before the tables that
   name them. Other tables are locked `for no key update`, which foreign keys do not wait for.
7. An advisory lock (`query()` below) has a place like a table. Where rows of a table have two
   states between which the order differs, each state has a place (`table where condition`); a
   transaction that locked a row in its first state has it in the second one too.

`tests/test_locks.py` reads each query and holds it against the order. Every test watches the
transactions of its process (`tests/locking.py`) and fails where one locks against the order. The
watch knows tables, not rows: what a transaction locks of a table a second time is taken for rows
that it has locked already. It does not see the statements of the queue's library.

## Order
"""


def _wrapped(text: str, indent: str = "", first: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def page(
    places: Sequence[LockPlace] = LOCK_PLACES,
    order: Mapping[str, int] = LOCK_ORDER,
    under: Mapping[str, str] = LOCKED_UNDER,
    exceptions: Mapping[str, LockException] = LOCK_EXCEPTIONS,
) -> str:
    """Return the page."""
    return "\n".join(_lines(places, order, under, exceptions)) + "\n"


def _lines(
    places: Sequence[LockPlace],
    order: Mapping[str, int],
    under: Mapping[str, str],
    exceptions: Mapping[str, LockException],
) -> Iterator[str]:
    yield HEAD.strip()
    yield ""
    apart = {place.what for place in places if "." in place.what}
    for number, place in enumerate(places, 1):
        start = f"{number}. "
        yield _wrapped(f"**`{place.what}`**: {place.why}", " " * len(start), start)
        mine = [place.what] if place.what in apart else _tables(place.what, order, apart)
        for table in mine:
            children = [f"`{child}`" for child, above in under.items() if above == table]
            if len(mine) > 1 or children or table != place.what:
                below = f", with {', '.join(children)} under it" if children else ""
                yield _wrapped(f"`{table}`{below}", " " * (len(start) + 2), " " * len(start) + "- ")
    yield ""
    yield "## Exceptions"
    yield ""
    yield "These queries may lock later than their table's place."
    yield ""
    for query, exception in sorted(exceptions.items()):
        guard = f" It runs under `{exception.under}`, which is checked." if exception.under else ""
        new = "" if exception.holds else " No other transaction waits for these rows."
        yield _wrapped(f"`{query}`: {exception.reason}{guard}{new}", "  ", "- ")


def _tables(domain: str, order: Mapping[str, int], apart: set[str]) -> list[str]:
    return [table for table in order if table.startswith(f"{domain}.") and table not in apart]


def main() -> None:
    """Write the page, or fail when it differs from the declarations of the modules."""
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE} is not what the modules declare: python -m checks.locks --write")
    print(f"{len(LOCK_ORDER)} places, {len(LOCKED_UNDER)} tables under them, {len(LOCK_EXCEPTIONS)} exceptions")


if __name__ == "__main__":
    main()
