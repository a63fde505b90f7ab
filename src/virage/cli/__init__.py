"""The `virage` command."""

import asyncio
import os
import sys
from typing import Annotated

from cyclopts import App, Parameter

app = App(
    name="virage",
    help="Run a connected stadium. Everything is configured by VIRAGE_* variables; see docs/configuration.md.",
)


@app.command
def run() -> None:
    """Start the demonstration on this machine: database, sandbox provider, jobs, web. Ctrl-C ends it all."""
    from virage.cli import running  # noqa: PLC0415 - each command loads what it needs

    running.run(os.environ)


@app.command
def demo() -> None:
    """Start the demonstration from an installed Virage: the same as run, kept in the folder ./var."""
    run()


@app.command
def setup() -> None:
    """Prepare the demonstration without serving it."""
    from virage.cli import running  # noqa: PLC0415

    running.setup()


@app.command
def phone() -> None:
    """Serve the demonstration to phones in the local network over HTTPS, and show a code to scan."""
    from virage.cli import phones  # noqa: PLC0415

    phones.run()


@app.command
def serve(workers: Annotated[int | None, Parameter(help="Processes; default VIRAGE_WORKERS.")] = None) -> None:
    """Serve the web, as in production."""
    from virage.cli import serving  # noqa: PLC0415

    serving.serve(workers)


@app.command
def work() -> None:
    """Run the jobs, as in production."""
    from virage.cli import serving  # noqa: PLC0415

    serving.work()


@app.command
def sandbox() -> None:
    """Run the sandbox payment provider."""
    from virage.cli.house import configuration  # noqa: PLC0415
    from virage.kernel import logs  # noqa: PLC0415
    from virage.kernel.supervise import die_with_parent  # noqa: PLC0415
    from virage.payments import sandbox as provider  # noqa: PLC0415

    die_with_parent()
    config = configuration(os.environ)
    logs.configure(config.log_level, "sandbox")
    provider.serve(config)


@app.command
def migrate() -> None:
    """Bring the database to the newest schema and name what was applied."""
    from virage.cli.house import configuration, console, database  # noqa: PLC0415
    from virage.kernel import migrate as migrations  # noqa: PLC0415

    with database(configuration(os.environ)) as config:
        applied = asyncio.run(migrations.migrate(config.database_url or ""))
    console.print("\n".join(applied) or "Nothing to do.", markup=False)


@app.command
def openapi() -> None:
    """Print the OpenAPI document of the whole API."""
    from virage import matchday  # noqa: PLC0415

    sys.stdout.buffer.write(matchday.openapi_document() + b"\n")


@app.command
def invite(email: str) -> None:
    """Invite the first administrator, from the machine itself; further staff are invited in the office."""
    from virage.cli import inviting  # noqa: PLC0415

    inviting.invite(email)
