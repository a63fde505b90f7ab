"""The `virage` command."""

import gc
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

# New containers per run of the garbage collector. Python's default of 700 would run it many times per batch of orders,
# and hundreds of times while a command imports its modules.
gc.set_threshold(50_000, 20, 50)

app = App(
    name="virage",
    help="Run a connected stadium. Settings are VIRAGE_* environment variables; `virage variables` lists them.",
)


@app.command
def run() -> None:
    """Start the demo on this machine: database, sandbox payment provider, jobs, web. Ctrl-C ends all of them."""
    from virage.cli import running

    running.run(os.environ)


@app.command
def demo() -> None:
    """Start the demo from an installed Virage: the same as run, with its data in ./var."""
    run()


@app.command
def setup() -> None:
    """Prepare the demo without serving it."""
    from virage.cli import running

    running.setup()


@app.command
def phone() -> None:
    """Serve the demo to phones in the local network over HTTPS, and show a QR code to scan."""
    from virage.cli import phones

    phones.run()


@app.command
def serve(
    *,
    workers: Annotated[int | None, Parameter(help="Worker processes; default: VIRAGE_WORKERS.")] = None,
    certificate: Annotated[Path | None, Parameter(help="PEM certificate, to serve HTTPS without a proxy.")] = None,
    key: Annotated[Path | None, Parameter(help="PEM file of the private key.")] = None,
) -> None:
    """Serve the web."""
    from virage.cli import serving

    serving.serve(workers, (certificate, key) if certificate and key else None)


@app.command
def work() -> None:
    """Run the jobs."""
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
        bool,
        Parameter(help="Also remove what the previous version needed; all of its processes have ended.", negative=()),
    ] = False,
) -> None:
    """Migrate the database while the previous version runs, and print the migrations applied."""
    from virage.cli import migrating

    migrating.migrate(contract=contract)


@app.command
def restored(
    *,
    rewound: Annotated[
        bool,
        Parameter(help="Also for the same cluster, restored to an earlier time (PITR).", negative=()),
    ] = False,
) -> None:
    """Continue the journal after pg_restore or logical replication; run it once, before any process starts.

    The rows contain transaction ids of the cluster that wrote them; new positions begin above all of them. Nothing
    changes if the rows are of this cluster. Refused while processes are connected.
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
    """List the environment variables with their defaults and meanings."""
    from virage.cli.variables import listing

    sys.stdout.write(listing() + "\n")


@app.command
def invite(email: str) -> None:
    """Invite the first administrator; further staff are invited in the office."""
    from virage.cli import inviting

    inviting.invite(email)


venue_app = App(name="venue", help="Check, import and export venue files.")
app.command(venue_app)

PlanCode = Annotated[str, Parameter(help="Code of the venue, for a seating plan of pretix.")]
PlanZone = Annotated[str, Parameter(help="IANA time zone, for a seating plan of pretix.")]


@venue_app.command(name="check")
def venue_check(
    path: Path,
    *,
    fix: Annotated[bool, Parameter(help="Propose mends, and write NAME.fixed.json.", negative="")] = False,
    code: PlanCode = "venue",
    time_zone: PlanZone = "UTC",
) -> None:
    """Print every defect of a venue file or a seating plan of pretix, one line each; exit with 1 if there is one."""
    from virage.cli import venues

    venues.check(path, code, time_zone, fix=fix)


@venue_app.command(name="import")
def venue_import(path: Path, *, code: PlanCode = "venue", time_zone: PlanZone = "UTC") -> None:
    """Store a venue file as the current version of its venue. A file with a defect changes nothing."""
    from virage.cli import venues

    venues.import_file(path, code, time_zone)


@venue_app.command(name="export")
def venue_export(
    code: str, *, version: Annotated[str | None, Parameter(help="Version; default: the current one.")] = None
) -> None:
    """Print the file of a venue."""
    from virage.cli import venues

    venues.export(code, version)


@venue_app.command(name="list")
def venue_list() -> None:
    """Print every venue with its current version."""
    from virage.cli import venues

    venues.list_venues()


@venue_app.command(name="schema")
def venue_schema() -> None:
    """Print the JSON Schema of the venue file."""
    from virage.cli import venues

    venues.schema()


payments_app = App(name="payments", help="Check the payment provider's account.")
app.command(payments_app)


@payments_app.command(name="check")
def payments_check(
    *,
    accounts: Annotated[bool, Parameter(help="Also check the set-up of organisers' accounts.", negative=())] = False,
) -> None:
    """Print what keeps the payment provider's account from taking money; exit with 1 if there is anything."""
    from virage.cli import paying

    paying.check(accounts=accounts)


wallet_app = App(name="wallet", help="Audit the ledger of the wallets.")
app.command(wallet_app)


@wallet_app.command
def audit() -> None:
    """Check that the ledger balances. Exit status 1 if it does not."""
    from virage.cli import auditing

    sys.exit(0 if auditing.audit_wallet() else 1)


cards_app = App(name="cards", help="Contactless cards: personalise, show, block.")
app.command(cards_app)


@cards_app.command
def personalise(
    uids: Annotated[list[str], Parameter(help="UIDs of the chips, 14 hexadecimal digits each.")],
    *,
    keys_file: Annotated[Path, Parameter(help="New file for the keys and printed codes, readable by its owner only.")],
    wallet: Annotated[
        UUID | None,
        Parameter(name=["--wallet", "--purse"], help="Wallet for all of the cards; default: a new one each."),
    ] = None,
) -> None:
    """Register chips as cards, and print the data for the encoder; the keys are written to the file only."""
    from virage.cli import carding

    carding.personalise(uids, keys_file, wallet)


@cards_app.command
def show(card: Annotated[str, Parameter(help="Printed code or UID.")]) -> None:
    """Print the details of a card."""
    from virage.cli import carding

    carding.show(card)


@cards_app.command
def block(
    card: Annotated[str, Parameter(help="Printed code or UID.")],
    *,
    reason: Annotated[Literal["lost", "stolen", "defective", "fraud"], Parameter(help="Reason.")],
) -> None:
    """Block a card; its owner cannot lift it."""
    from virage.cli import carding

    carding.block(card, reason)


pass_app = App(name="pass", help="Inspect passes.")
app.command(pass_app)


@pass_app.command(name="inspect")
def inspect_pass(
    text: Annotated[
        str,
        Parameter(allow_leading_hyphen=True, help="Text of the QR code, or - to read it from standard input."),
    ],
    *,
    keys: Annotated[Path | None, Parameter(help="File with the pass keys of an event, as returned by the API.")] = None,
    url: Annotated[str | None, Parameter(help="URL of the pass keys of an event.")] = None,
) -> None:
    """Print the claims of a pass and whether it is valid now. Exit status 1 if it is not."""
    from virage.cli import inspecting

    sys.exit(0 if inspecting.inspect_pass(text, keys, url) else 1)


fiscal_app = App(name="fiscal", help="Fiscal closings and archives of tills.")
app.command(fiscal_app)


@fiscal_app.command(name="verify")
def verify_archives(files: Annotated[list[Path], Parameter(name="FILE", negative=())]) -> None:
    """Find changed, missing, added or moved records in archives of tills; needs no database.

    Exit status: 0 if all are intact, 1 if one is damaged, 2 if one is unreadable.
    """
    from virage.cli import fiscal

    sys.exit(fiscal.verify_archives(files))


@fiscal_app.command(name="close")
def close_periods(
    *,
    day: Annotated[date | None, Parameter(help="Business day to close now, with the records uploaded so far.")] = None,
) -> None:
    """Close the days, months and years that have ended, as `virage work` does automatically."""
    from virage.cli import closing

    closing.close(day)


@fiscal_app.command(name="archive")
def archive_tills(
    folder: Annotated[Path, Parameter(help="Output folder; created if missing.")],
    *,
    till: Annotated[list[UUID] | None, Parameter(help="Till; default: each with records.")] = None,
    first: Annotated[date | None, Parameter(name="--from", help="First business day.")] = None,
    last: Annotated[date | None, Parameter(name="--to", help="Last business day, included.")] = None,
) -> None:
    """Write the archive of each till to a folder and to the object store. Exit status 1 if there is none."""
    from virage.cli import closing

    sys.exit(0 if closing.archive_tills(folder, till or [], first, last) else 1)


@fiscal_app.command(name="figures")
def rebuild_figures() -> None:
    """Rebuild the sales statistics of the office from the records of the tills."""
    from virage.cli import closing

    closing.rebuild_figures()


safety_app = App(name="safety", help="Logs and forecasts of the control room.")
app.command(safety_app)


@safety_app.command(name="verify")
def verify_logs(files: Annotated[list[Path], Parameter(name="FILE", negative=())]) -> None:
    """Find changed, missing, added or moved records in exported logs; needs no database.

    Exit status: 0 if all are intact, 1 if one is damaged, 2 if one is unreadable.
    """
    from virage.cli import safety

    sys.exit(safety.verify_logs(files))


@safety_app.command(name="backtest")
def backtest_forecast(event: Annotated[UUID, Parameter(help="Event whose pictures are stored.")]) -> None:
    """Make the forecasts of an event's entry again from its stored pictures, and print how often they held.

    Exit status 1 if no forecast can be compared with what came.
    """
    from virage.cli import forecasting

    sys.exit(forecasting.backtest(event))


@app.command
def ingest(
    *,
    camera: Annotated[str | None, Parameter(help="Name of the camera: lower-case letters, digits, hyphens.")] = None,
    url: Annotated[str | None, Parameter(help="srt://, rtmp:// (listens), tcp://…?listen=1, udp://, file://.")] = None,
    programme: Annotated[bool, Parameter(help="The programme feed, which fans see first.", negative=())] = False,
    delay_ms: Annotated[int | None, Parameter(help="Delay of the camera; default: as measured, or 0.")] = None,
    allow_unauthenticated: Annotated[
        bool, Parameter(help="Accept any sender on the port; only for a network reserved for cameras.", negative=())
    ] = False,
    demo: Annotated[bool, Parameter(help="Two synthetic cameras with a clock in the picture.", negative=())] = False,
    measure: Annotated[
        bool, Parameter(help="Measure and store the delays of cameras that filmed a flashing lamp.", negative=())
    ] = False,
) -> None:
    """Ingest a camera until Ctrl-C: H.264 with a key frame every second, optional AAC audio.

    It uses the deployment that runs in this folder, and then needs no variables.
    """
    from virage.cli import ingesting

    if measure:
        ingesting.measure()
    elif demo:
        ingesting.ingest(ingesting.demo_sources(), with_cameras=True)
    elif camera is None or url is None:
        sys.exit("virage ingest needs --camera and --url, or --demo, or --measure.")
    else:
        found = ingesting.source(
            camera, url, programme=programme, delay_ms=delay_ms, allow_unauthenticated=allow_unauthenticated
        )
        ingesting.ingest([found])


@app.command
def match(
    files: Annotated[list[Path], Parameter(name="FILE", negative=(), help="Match files, in the order of the format.")],
    *,
    event: Annotated[UUID | None, Parameter(help="Event to publish to; without it, the events are listed.")] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["statsbomb", "skillcorner", "hawkeye"], Parameter(help="Format of the files.")
    ] = "statsbomb",
    speed: Annotated[float, Parameter(help="Playback speed; 0: as fast as possible.")] = 1.0,
    url: Annotated[
        str | None,
        Parameter(help="Address of the deployment; default: the one in this folder, or http://localhost:8000."),
    ] = None,
    key: Annotated[
        Path | None,
        Parameter(help="File with an API token; default: VIRAGE_MATCH_KEY. Not needed for a demo in this folder."),
    ] = None,
) -> None:
    """Play a match file to a deployment: line-ups, goals, bookings, substitutions, statistics, positions.

    Needs kloppy (pip install 'virage[match]') and an API token, except for a demo in this folder: in the office, under
    API clients, create a client with the role "match desk" and save its token to a file. Files are

    - statsbomb: EVENTS.json LINEUPS.json
    - skillcorner: TRACKING.json MATCH.json
    - hawkeye: each minute's .samples.ball and .samples.centroids, and the match's .json or .xml

    Started again it continues where it was stopped, and publishes nothing twice.

    virage match events.json lineups.json --event 0197... --speed 20 --key match.key
    """
    from virage.cli import matching

    matching.match(files, format, event, speed=speed, url=url, key=key)


@app.command
def ball(
    *,
    broker: Annotated[str, Parameter(help="mqtt://user:password@host:port, or mqtts:// for TLS.")],
    event: Annotated[UUID, Parameter(help="Match of the ball.")],
    ball: Annotated[str, Parameter(help="Name of the ball in the topic ball/NAME/imu.")],
) -> None:
    """Receive a connected ball until Ctrl-C: kicks go to live tracking, goal-line signals to the match feed."""
    from virage.cli import kicking

    kicking.listen(broker, event, ball)


@app.command
def ladder() -> None:
    """Transcode cameras and clips to lower renditions until Ctrl-C; one such process is enough."""
    from virage.cli import laddering

    laddering.ladder()


@app.command
def cameras() -> None:
    """Send two synthetic cameras to the demo that runs in this folder, with the ABR ladder, until Ctrl-C."""
    from virage.cli import filming

    filming.cameras()


accounting_app = App(name="accounting", help="Export for the accountant.")
app.command(accounting_app)


@accounting_app.command(name="export")
def export_journal(
    *,
    first: Annotated[date, Parameter(name="--from", help="First business day.")],
    last: Annotated[date, Parameter(name="--to", help="Last business day, included.")],
    into: Annotated[Path | None, Parameter(help="Output file; default: standard output.")] = None,
) -> None:
    """Export the balanced journal by day and account as CSV."""
    from virage.cli import accounting

    accounting.export(first, last, into)
