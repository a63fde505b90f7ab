"""An evening at the gates for a measurement: an event of today, real passes on phones and on paper,
paired devices.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from nacl.signing import SigningKey

from benchmarks.system import System
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.keys import HolderKey
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import BindingRequest, BoundPass, Issue, PaperPass, PrintRequest
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.people import acts as people
from virage.identity.people.acts import devices
from virage.identity.people.rules.devices import DeviceKind, DevicePairing, OpenedPairing, PairedDevice, PairingRequest
from virage.identity.people.rules.secrets import people_keys
from virage.platform.data.database import Connection, Database
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.platform.web.guard import Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent, Organiser

A_TRANSACTION = 500
HOUR = timedelta(hours=1)


class Lane(Struct):
    """A paired device, with its private key."""

    device_id: str
    token: str
    gate: str
    group: str
    private: bytes


class Fan(Struct):
    """A fan's pass: its signed text, the phone's private key (none on paper), its gate group."""

    number: int
    text: str
    private: bytes
    group: str
    subject: str

    def code(self, at: datetime) -> str:
        """The code shown at a moment of the phone's clock; a paper's code never changes."""
        if not self.private:
            return self.text
        private = SigningKey(self.private)
        key = HolderKey(bytes(private.verify_key))

        def sign(message: bytes) -> bytes:
            return private.sign(message).signature

        return text_of(rotating_code(bytes_of(self.text) or b"", step_at(at), key, sign))


def forged(code: str) -> str:
    """The same code with one bit of the phone's signature changed."""
    data = bytes_of(code) or b""
    return text_of(data[:-1] + bytes([data[-1] ^ 1]))


class Evening(Struct):
    """All that a load needs to know; `supervisor` is the session of the venue's supervisor."""

    event_id: str
    supervisor: str
    lanes: list[Lane]
    fans: list[Fan]
    revoked: list[Fan]
    superseded: list[Fan]
    papers: list[Fan]


def jwk_of(private: Ed25519PrivateKey) -> Jwk:
    """The public key as browsers encode it."""
    return Jwk("OKP", "Ed25519", base64url(private.public_key().public_bytes_raw()))


async def seed(system: System, fans: int, bad: int) -> Evening:
    """Publish an event that begins in an hour, pair a device at every gate, and issue passes.

    Besides `fans` valid ones there are `bad` each that are revoked, superseded by a paper, and on
    paper.
    """
    db = await Database.open(system.postgres.url, connections_max=2)
    now = datetime.now(UTC)
    try:
        async with db.transaction() as conn:
            event_id = await _event(conn, now)
        supervisor, lanes = await lanes_of(db, system.env["VIRAGE_SECRET"], now)
        vault = KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE))
        made = [
            fan
            for first in range(0, fans + 2 * bad, A_TRANSACTION)
            for fan in await _passes(db, vault, event_id, range(first, min(first + A_TRANSACTION, fans + 2 * bad)), now)
        ]
        good, revoked, superseded = made[:fans], made[fans : fans + bad], made[fans + bad :]
        async with db.transaction() as conn:
            await passes.revoke(conn, [subject for subject, _ in revoked], now)
            printed = await passes.print_paper(
                conn, vault, [PrintRequest(subject, allowed=True) for subject, _ in superseded], now
            )
        papers = [
            Fan(one.number, one.text, b"", fan.group, fan.subject)
            for one, (_, fan) in zip(printed, superseded, strict=True)
            if isinstance(one, PaperPass)
        ]
        async with db.connection() as conn:
            await conn.execute("analyze")
    finally:
        await db.close()
    shown, gone, old = ([fan for _, fan in part] for part in (good, revoked, superseded))
    return Evening(str(event_id), supervisor, lanes, shown, gone, old, papers)


async def _event(conn: Connection, now: datetime) -> UUID:
    organiser = Organiser(new_id(), "The club")
    await programme.add_organiser(conn, organiser, None, now)
    starts = now + HOUR
    event = NewEvent(
        id=new_id(),
        organiser_id=organiser.id,
        kind="match",
        title={"fr": "Le match", "en": "The match"},
        doors_at=starts - 2 * HOUR,
        starts_at=starts,
        ends_at=starts + 2 * HOUR,
        sale_opens_at=now - 24 * HOUR,
        sale_closes_at=starts,
        rules=EventRules(),
    )
    await programme.create(conn, event, None, now)
    await programme.publish(conn, event.id, None, now)
    return event.id


async def lanes_of(db: Database, secret: str, now: datetime) -> tuple[str, list[Lane]]:
    """The supervisor's session, and a device at every gate, paired as in the office.

    They were paired an hour ago, as a scan from before its device was paired proves nothing.
    """
    keys, lanes, paired_at = people_keys(secret), [], now - HOUR
    async with db.transaction() as conn:
        grant = Grant("supervisor")
        supervisor = Principal(
            "staff", await people.ensure_staff(conn, "gates@example.org", None, (grant,), now), new_id(), (grant,), now
        )
        assert supervisor.id is not None
        session = await people.open_session(conn, supervisor.id, now)
        expected = []
        for gate in stadium().gates:
            wish = PairingRequest(new_id(), f"Lane {gate.code}", DeviceKind.LANE, [gate.code])
            opened = await devices.open_pairing(conn, keys, supervisor, wish, paired_at)
            assert isinstance(opened, OpenedPairing), opened
            expected.append((gate, opened))
    async with db.transaction() as conn:
        for gate, opened in expected:
            private = Ed25519PrivateKey.generate()
            paired = await devices.pair(conn, keys, DevicePairing(opened.code, jwk_of(private)), paired_at)
            assert isinstance(paired, PairedDevice), paired
            lanes.append(Lane(str(paired.device_id), paired.token, gate.code, gate.group, private.private_bytes_raw()))
    return session.token, lanes


async def _passes(
    db: Database, vault: KeyVault, event_id: UUID, places: Sequence[int], now: datetime
) -> list[tuple[UUID, Fan]]:
    ground = stadium()
    subjects = [new_id() for _ in places]
    privates = [Ed25519PrivateKey.generate() for _ in places]
    # Seats are numbered block by block: a stride spreads the fans over all gates.
    seats = [place * 7919 % ground.seats for place in places]
    groups = [ground.label(seat).gate_group for seat in seats]
    issues = [
        Issue(subject, event_id, seat, group, now - HOUR, now + 5 * HOUR)
        for subject, seat, group in zip(subjects, seats, groups, strict=True)
    ]
    async with db.transaction() as conn:
        await passes.issue(conn, issues, now)
        bindings = [BindingRequest(subject, jwk_of(key)) for subject, key in zip(subjects, privates, strict=True)]
        bound = await passes.bind(conn, vault, bindings, now)
    made: list[tuple[UUID, Fan]] = []
    for subject, private, group, one in zip(subjects, privates, groups, bound, strict=True):
        assert isinstance(one, BoundPass), one
        made.append((subject, Fan(one.number, one.text, private.private_bytes_raw(), group, str(subject))))
    return made
