"""`virage restored`: begin a new era of journal positions in a restored database."""

import asyncio
import os

import asyncpg

from virage.cli.deployment import configuration, console, database, fail
from virage.platform.data.era import InUse, begin


def restored(*, rewound: bool) -> None:
    """Begin a new era if it is needed, and print what was done. Exits if processes are connected."""
    with database(configuration(os.environ), any_era=True) as config:
        try:
            begun = asyncio.run(begin(config.direct_url, anyway=rewound))
        except asyncpg.UndefinedTableError:
            raise fail("The database has no era yet: run `virage migrate` first.") from None
        except InUse as failure:
            raise fail(f"The database is in use by {failure}. End all processes of Virage and try again.") from None
    if begun is None:
        console.print("Nothing to do: the rows were written by this cluster.")
        return
    console.print(f"Stored positions reach {begun.stored}; new ones begin above {begun.xids}.")
    for sequence in begun.sequences:
        console.print(f"The sequence {sequence} was behind its rows and was raised.", markup=False)
    console.print("Tills load all cards once; gates and phones continue from their positions. Start Virage now.")
