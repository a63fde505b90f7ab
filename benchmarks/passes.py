"""Passes on one core: issued into the durable database, signed, verified; their size and their QR code.

python -m benchmarks.passes [--quick]
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import segno
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace

from benchmarks import common
from virage.identity.keys.rules.keys import HolderKey, IssuerKey, kid_of
from virage.identity.passes import acts
from virage.identity.passes.acts import Issue
from virage.identity.passes.rules.claims import Claims, event_short, sign_pass
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of
from virage.identity.passes.rules.verification import Unverified, Verified, verify
from virage.platform.data.database import Database
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, 20, tzinfo=UTC)
GROUND_PLACES = 59_186
BATCH = 128


def p256_signer(private: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """Sign as phones do: r and s, 32 bytes each."""

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    return sign


def per_second(act: Callable[[], Any], seconds: float) -> float:
    """How often one core does it in a second of CPU time."""
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for _ in range(20):
            act()
        count += 20
    return count / spent


async def issue_per_s(count: int, folder: Path) -> dict[str, float]:
    """Issue the passes of a whole venue, one batch a transaction, each durable before the next."""
    postgres = EmbeddedPostgres(folder)
    await postgres.start()
    try:
        await migrate(postgres.url)
        db = await Database.open(postgres.url)
        event_id = new_id()
        before, began = common.processor_s(postgres.pid or 0), time.perf_counter()
        own = time.process_time()
        for first in range(0, count, BATCH):
            places = range(first, min(first + BATCH, count))
            batch = [Issue(new_id(), event_id, place, "N", NOW, NOW + timedelta(hours=16)) for place in places]
            async with db.transaction() as conn:
                numbers = await acts.issue(conn, batch, NOW)
            assert numbers == list(places)
        seconds = time.perf_counter() - began
        cpu = time.process_time() - own + common.processor_s(postgres.pid or 0) - before
        plain = await common.commits_per_s(postgres.url)
        await db.close()
    finally:
        await postgres.stop()
    return {
        "issue_per_s": round(count / seconds),
        "issue_cpu_s_per_1000": round(cpu / count * 1000, 4),
        "commits_per_s": round(plain),
    }


def sign_and_verify(seconds: float) -> dict[str, Any]:
    """Sign and verify with both kinds of phones; the largest values give the size."""
    event_id: UUID = new_id()
    issuer, phone, old_phone = (
        Ed25519PrivateKey.generate(),
        Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
    )
    public = issuer.public_key().public_bytes_raw()
    keys = {kid_of(public): IssuerKey(event_id, kid_of(public), public)}
    holder, point = HolderKey(phone.public_key().public_bytes_raw()), old_phone.public_key().public_numbers()
    old_holder, old_sign = HolderKey(point.x.to_bytes(32), bool(point.y & 1)), p256_signer(old_phone)
    start, end = NOW - timedelta(hours=12), NOW + timedelta(hours=4)
    claims = Claims(event_short(event_id), 41_207, 0, 58_001, "N", start, end, holder)
    largest = replace(claims, number=2**32 - 1, place=2**32 - 1, generation=23, gate_group="NORTH2", holder=old_holder)

    def signed(what: Claims) -> bytes:
        return sign_pass(what, kid_of(public), issuer.sign)

    step = step_at(NOW)
    code = text_of(rotating_code(signed(claims), step, holder, phone.sign))
    old_code = text_of(rotating_code(signed(replace(claims, holder=old_holder)), step, old_holder, old_sign))
    largest_code = text_of(rotating_code(signed(largest), step, old_holder, old_sign))
    forged = code[:200] + ("0" if code[200] != "0" else "1") + code[201:]
    assert all(isinstance(verify(text, keys, NOW, event_id), Verified) for text in (code, old_code, largest_code))
    assert isinstance(verify(forged, keys, NOW, event_id), Unverified)
    verified = per_second(lambda: verify(code, keys, NOW, event_id), seconds)
    return {
        "sign_per_s": round(per_second(lambda: text_of(signed(claims)), seconds)),
        "verify_per_s": round(verified),
        "verify_p256_per_s": round(per_second(lambda: verify(old_code, keys, NOW, event_id), seconds)),
        "refuse_per_s": round(per_second(lambda: verify(forged, keys, NOW, event_id), seconds)),
        "cpu_s_per_1000": round(1000 / verified, 4),
        "bytes": len(bytes_of(code) or b""),
        "bytes_max": len(bytes_of(largest_code) or b""),
        "qr_version": segno.make(largest_code, error="m", boost_error=False, micro=False).version,
    }


def main() -> None:
    """Print the one line."""
    quick = common.quick()
    figures = sign_and_verify(0.3 if quick else 3.0)
    with tempfile.TemporaryDirectory(prefix="virage-bench-") as folder:
        figures |= common.run(issue_per_s(4_096 if quick else GROUND_PLACES, Path(folder) / "pg"))
    common.tell({"benchmark": "passes", **figures, "workers": 1, "clients": 1, "machine": common.machine()})


if __name__ == "__main__":
    main()
