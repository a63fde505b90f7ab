"""The `virage` command."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

app = App(
    name="virage",
    help="Run a connected stadium. Everything is configured by VIRAGE_* variables; `virage variables` lists them.",
)


@app.command
def run() -> None:
    """Start the demonstration on this machine: database, sandbox provider, jobs, web. Ctrl-C ends it all."""
    from virage.cli import running

    running.run(os.environ)


@app.command
def demo() -> None:
    """Start the demonstration from an installed Virage: the same as run, kept in the folder ./var."""
    run()


@app.command
def setup() -> None:
    """Prepare the demonstration without serving it."""
    from virage.cli import running

    running.setup()


@app.command
def phone() -> None:
    """Serve the demonstration to phones in the local network over HTTPS, and show a code to scan."""
    from virage.cli import phones

    phones.run()


@app.command
def serve(
    *,
    workers: Annotated[int | None, Parameter(help="Processes; default VIRAGE_WORKERS.")] = None,
    certificate: Annotated[Path | None, Parameter(help="PEM file, to serve HTTPS without a proxy in front.")] = None,
    key: Annotated[Path | None, Parameter(help="PEM file of the certificate's key.")] = None,
) -> None:
    """Serve the web, as in production."""
    from virage.cli import serving

    serving.serve(workers, (certificate, key) if certificate and key else None)


@app.command
def work() -> None:
    """Run the jobs, as in production."""
    from virage.cli import serving

    serving.work()


@app.command
def sandbox() -> None:
    """Run the sandbox payment provider."""
    from virage.cli import sandboxing

    sandboxing.run()


@app.command
def migrate(
    *,
    contract: Annotated[
        bool, Parameter(help="Also take away what older programs needed; all of them have ended.", negative=())
    ] = False,
) -> None:
    """Bring the database to the newest schema while older programs run, and name what was applied."""
    from virage.cli import migrating

    migrating.migrate(contract=contract)


@app.command
def restored(
    *,
    rewound: Annotated[
        bool,
        Parameter(help="Also where the cluster is the same one, put back to a moment before (PITR).", negative=()),
    ] = False,
) -> None:
    """Let positions of the journal go on after pg_restore or logical replication; once, before any process starts.

    The rows hold transaction ids of the cluster that wrote them. From now on this cluster's begin above all of them.
    It changes nothing where the rows are this cluster's own, and refuses while processes are connected.
    """
    from virage.cli import restoring

    restoring.restored(rewound=rewound)


@app.command
def openapi() -> None:
    """Print the OpenAPI document of the whole API."""
    from virage.app.building import openapi_document

    sys.stdout.buffer.write(openapi_document() + b"\n")


@app.command
def variables() -> None:
    """List the variables of the environment with their defaults and meaning."""
    from virage.cli.variables import listing

    sys.stdout.write(listing() + "\n")


@app.command
def invite(email: str) -> None:
    """Invite the first administrator, from the machine itself; further staff are invited in the office."""
    from virage.cli import inviting

    inviting.invite(email)


wallet_app = App(name="wallet", help="Audit the books of the wallets.")
app.command(wallet_app)


@wallet_app.command
def audit() -> None:
    """Prove that the books are right; ends with 1 unless they are."""
    from virage.cli import auditing

    sys.exit(0 if auditing.audit_wallet() else 1)


cards_app = App(name="cards", help="Contactless cards: make chips cards, look at one, block one.")
app.command(cards_app)


@cards_app.command
def personalise(
    uids: Annotated[list[str], Parameter(help="The chips' numbers, 14 hexadecimal digits each.")],
    *,
    keys_file: Annotated[Path, Parameter(help="A new file for keys and printed codes, readable by its owner alone.")],
    purse: Annotated[UUID | None, Parameter(help="The wallet of all cards; default: one each.")] = None,
) -> None:
    """Make chips cards, and print what an encoder writes into them; their keys go to the file alone."""
    from virage.cli import carding

    carding.personalise(uids, keys_file, purse)


@cards_app.command
def show(card: Annotated[str, Parameter(help="A printed code, or a chip's number.")]) -> None:
    """Print what is known of a card."""
    from virage.cli import carding

    carding.show(card)


@cards_app.command
def block(
    card: Annotated[str, Parameter(help="A printed code, or a chip's number.")],
    *,
    reason: Annotated[Literal["lost", "stolen", "defective", "fraud"], Parameter(help="Why.")],
) -> None:
    """Block a card; its owner cannot lift it."""
    from virage.cli import carding

    carding.block(card, reason)


pass_app = App(name="pass", help="Look into passes.")
app.command(pass_app)


@pass_app.command(name="inspect")
def inspect_pass(
    text: Annotated[
        str,
        Parameter(allow_leading_hyphen=True, help="The text of the QR code, or - to read it from the standard input."),
    ],
    *,
    keys: Annotated[Path | None, Parameter(help="A file with an event's pass keys, as the API answers them.")] = None,
    url: Annotated[str | None, Parameter(help="The address of an event's pass keys.")] = None,
) -> None:
    """Print what a pass says and whether it holds now; ends with 1 unless it does."""
    from virage.cli import inspecting

    sys.exit(0 if inspecting.inspect_pass(text, keys, url) else 1)


fiscal_app = App(name="fiscal", help="Close what tills wrote, archive it, look into archives.")
app.command(fiscal_app)


@fiscal_app.command(name="verify")
def verify_archives(files: Annotated[list[Path], Parameter(name="FILE", negative=())]) -> None:
    """Find what was changed, left out, added or moved in archives of tills; no database is needed.

    Ends with 0 where all are whole, 1 where one is damaged, 2 where one cannot be read.
    """
    from virage.cli import fiscal

    sys.exit(fiscal.verify_archives(files))


@fiscal_app.command(name="close")
def close_periods(
    *, day: Annotated[date | None, Parameter(help="Close that day of business at once, with all that has come.")] = None
) -> None:
    """Close the days, months and years that are over and not closed yet, as `virage work` does by itself."""
    from virage.cli import closing

    closing.close(day)


@fiscal_app.command(name="archive")
def archive_tills(
    folder: Annotated[Path, Parameter(help="Where the files go; made if missing.")],
    *,
    till: Annotated[list[UUID] | None, Parameter(help="The till; default: each that wrote something.")] = None,
    first: Annotated[date | None, Parameter(name="--from", help="From that day of business on.")] = None,
    last: Annotated[date | None, Parameter(name="--to", help="To that day, itself too.")] = None,
) -> None:
    """Write the archive of each till into a folder, and keep it in the object store; 1 where there is none."""
    from virage.cli import closing

    sys.exit(0 if closing.archive_tills(folder, till or [], first, last) else 1)


@fiscal_app.command(name="figures")
def rebuild_figures() -> None:
    """Make the figures of the office anew from the records of the tills."""
    from virage.cli import closing

    closing.rebuild_figures()


@app.command
def ingest(
    *,
    camera: Annotated[str | None, Parameter(help="Its name: small letters, digits, hyphens.")] = None,
    url: Annotated[str | None, Parameter(help="srt://, rtmp:// (waits), tcp://…?listen=1, udp://, file://.")] = None,
    programme: Annotated[bool, Parameter(help="It is the one that fans see first.", negative=())] = False,
    delay_ms: Annotated[int | None, Parameter(help="How late it is; default: as it was measured, or 0.")] = None,
    allow_unauthenticated: Annotated[
        bool, Parameter(help="Whoever reaches the port is the camera: for a network of cameras alone.", negative=())
    ] = False,
    demo: Annotated[bool, Parameter(help="Two synthetic cameras with a clock in the picture.", negative=())] = False,
    measure: Annotated[
        bool, Parameter(help="Compare cameras that have seen a lamp flash, and keep how late they are.", negative=())
    ] = False,
) -> None:
    """Take in a camera until Ctrl-C: H.264 with a key frame every second, and AAC sound or none.

    Beside a demonstration that runs in this folder it needs no variables, as all that is started beside a house.
    """
    from virage.cli import ingesting

    if measure:
        ingesting.measure()
    elif demo:
        ingesting.ingest(ingesting.demo_sources(), with_cameras=True)
    elif camera is None or url is None:
        sys.exit("virage ingest wants --camera and --url, or --demo, or --measure.")
    else:
        found = ingesting.source(
            camera, url, programme=programme, delay_ms=delay_ms, allow_unauthenticated=allow_unauthenticated
        )
        ingesting.ingest([found])


@app.command
def match(
    files: Annotated[list[Path], Parameter(name="FILE", negative=(), help="The match's files, in the format's order.")],
    *,
    event: Annotated[
        UUID | None, Parameter(help="The event to tell it in; without: print those that there are.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["statsbomb", "skillcorner", "hawkeye"], Parameter(help="Whose files they are.")
    ] = "statsbomb",
    speed: Annotated[float, Parameter(help="How much faster than it was; 0: as fast as it goes.")] = 1.0,
    url: Annotated[
        str | None,
        Parameter(help="The running house's address; default: the one in this folder, or http://localhost:8000."),
    ] = None,
    key: Annotated[
        Path | None,
        Parameter(help="A file with a program's key; default: VIRAGE_MATCH_KEY. A demonstration makes one."),
    ] = None,
) -> None:
    """Play a match file into a running house: line-ups, goals, cards, changes, figures, positions.

    It needs kloppy (pip install 'virage[match]') and, but for the demonstration in this folder, a key: in the office,
    under Programs, give a program the role "match desk" and save what is shown once in a file. Files are

    - statsbomb: EVENTS.json LINEUPS.json
    - skillcorner: TRACKING.json MATCH.json
    - hawkeye: each minute's .samples.ball and .samples.centroids, and the match's .json or .xml

    Started again it goes on where it was stopped, and tells nothing twice.

    virage match events.json lineups.json --event 0197... --speed 20 --key match.key
    """
    from virage.cli import matching

    matching.match(files, format, event, speed=speed, url=url, key=key)


@app.command
def ball(
    *,
    broker: Annotated[str, Parameter(help="mqtt://user:password@host:port, or mqtts:// for TLS.")],
    event: Annotated[UUID, Parameter(help="The match in which it is played.")],
    ball: Annotated[str, Parameter(help="Its name in the topic: ball/NAME/imu.")],
) -> None:
    """Listen to a connected ball until Ctrl-C: its kicks go to the pitch, goal-line signals to the match feed."""
    from virage.cli import kicking

    kicking.listen(broker, event, ball)


@app.command
def ladder() -> None:
    """Make what cameras send smaller, for phones with little network, until Ctrl-C: one such process is enough."""
    from virage.cli import laddering

    laddering.ladder()


@app.command
def cameras() -> None:
    """Let two synthetic cameras send to the demonstration that runs in this folder, with the ladder, until Ctrl-C."""
    from virage.cli import filming

    filming.cameras()


accounting_app = App(name="accounting", help="The house's books, for the accountant.")
app.command(accounting_app)


@accounting_app.command(name="export")
def export_journal(
    *,
    first: Annotated[date, Parameter(name="--from", help="From that day of business on.")],
    last: Annotated[date, Parameter(name="--to", help="To that day, itself too.")],
    into: Annotated[Path | None, Parameter(help="The file; default: the standard output.")] = None,
) -> None:
    """Write balanced lines by day and account as comma-separated values."""
    from virage.cli import accounting

    accounting.export(first, last, into)
