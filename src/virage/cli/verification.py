"""What the commands that verify files have in common: the verdict on each file, its table of damages, the status."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.table import Table

from virage.cli.deployment import console

CLEAN: Final = 0
DAMAGED: Final = 1
UNREADABLE: Final = 2
_ROWS_SHOWN: Final = 50


class Unreadable(Exception):
    """The file is not of the kind that the command verifies; the text says so."""


def verify_files(files: Sequence[Path], is_intact: Callable[[Path], bool]) -> int:
    """Verify each file; `is_intact` prints its verdict and raises OSError or Unreadable if there is none.

    Return the exit status: 0 if all are intact, 1 if one is damaged, 2 if one is unreadable.
    """
    status = CLEAN
    for file in files:
        try:
            status = max(status, CLEAN if is_intact(file) else DAMAGED)
        except (OSError, Unreadable) as error:
            console.print(f"{file}: unreadable: {error}", style="bold red", markup=False)
            status = UNREADABLE
    return status


def show_verdict(file: Path, columns: Sequence[str], damages: Sequence[Sequence[str]]) -> None:
    """Print that a file is clean, or a table of its damages."""
    if not damages:
        console.print(f"{file}: clean", style="bold green", markup=False)
        return
    console.print(f"{file}: damaged", style="bold red", markup=False)
    table = Table(*columns, highlight=False)
    for row in damages[:_ROWS_SHOWN]:
        table.add_row(*row)
    console.print(table)
    if len(damages) > _ROWS_SHOWN:
        console.print(f"and {len(damages) - _ROWS_SHOWN} more")
