"""Read the signed bytes from the golden set with the code of the working copy: `python -m
tests.golden.make_signed`.

The unsent scans and sales are those of the gate and the till in `browser.tar.gz`. The packs are the
server's responses to a gate and a till over the restored dump, at the moment of the dump.
"""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from tests.golden.browser import launch, unpack
from tests.golden.requests_client import Replay
from tests.golden.requests_log import read
from tests.golden.requests_system import log_errors_alone, system
from tests.golden.signed import FILE, packs
from tests.golden.system import golden
from tests.ports import free_ports
from virage.platform.host.postgres import EmbeddedPostgres

RECORDING = FILE.with_name("requests.jsonl.gz")
ALL = """async ([name, stores]) => {
    const opening = indexedDB.open(name);
    const database = await new Promise((resolve) => { opening.onsuccess = () => resolve(opening.result); });
    const all = (store) => new Promise((resolve) => {
        const asked = database.transaction(store).objectStore(store).getAll();
        asked.onsuccess = () => resolve(asked.result);
    });
    const plain = (_, value) => (value instanceof CryptoKey ? null : value);
    const found = {};
    for (const store of stores) found[store] = JSON.parse(JSON.stringify(await all(store), plain));
    database.close();
    return found;
}"""


def unsent(folder: Path) -> dict[str, Any]:
    """Return the unsent scans and sales of the golden browser, as their devices signed them."""
    unpack(folder)
    with sync_playwright() as playwright:
        context = launch(playwright, folder, free_ports(1)[0], golden().made_at)
        page = context.new_page()
        page.goto("/staff/gate")
        gate = page.evaluate(ALL, ["virage-gate", ["device", "scan"]])
        till = page.evaluate(ALL, ["virage-till", ["state", "record", "waiting"]])
        context.close()
    (phone,) = [item for item in gate["device"] if isinstance(item, dict) and "device_id" in item]
    (counter,) = [item for item in till["state"] if isinstance(item, dict) and "device_id" in item]
    waiting = [item["number"] for item in till["waiting"]]
    records = [item for item in till["record"] if item["row"] == "real" and item["number"] in waiting]
    return {
        "gate": {"key": phone["public_jwk"], "scans": [_wire(scan) for scan in gate["scan"]]},
        "till": {
            "device": counter["device_id"],
            "key": counter["public_jwk"],
            "records": [_wire(record) for record in records],
        },
    }


def _wire(kept: dict[str, Any]) -> dict[str, str]:
    return {"body": kept["body"], "signature": kept["signature"]}


async def answered(folder: Path) -> dict[str, str]:
    """Return the packs that the server of the golden dump sends."""
    cluster = EmbeddedPostgres(folder / "pg", durable=False)
    await cluster.start()
    try:
        async with system(cluster, folder) as running:
            return await packs(Replay(running), read(RECORDING))
    finally:
        await cluster.stop()


def main() -> None:
    """Write the file."""
    log_errors_alone()
    with TemporaryDirectory(prefix="virage-signed-") as temporary:
        found = {**unsent(Path(temporary) / "profile"), "packs": asyncio.run(answered(Path(temporary)))}
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
