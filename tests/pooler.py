"""PgBouncer in transaction mode in front of a database, as an operator sets it up (docs/databases.md)."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from checks.servers import SEARCHED
from tests.ports import free_ports

SETTINGS = """
[databases]
* = host={host} port={port} user={user} {password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_prepared_statements = 200
default_pool_size = {pool_size}
max_client_conn = 500
"""


@asynccontextmanager
async def pgbouncer(url: str, folder: Path, *, pool_size: int = 4) -> AsyncIterator[str]:
    """The address of the same database behind a pooler that lends at most so many connections."""
    program = shutil.which("pgbouncer", path=SEARCHED)
    assert program is not None, "install pgbouncer (python checks/servers.py)"
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    (listen,) = free_ports(1)
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        SETTINGS.format(
            host=query.get("host", [parts.hostname])[0],
            port=query.get("port", [parts.port])[0],
            user=parts.username,
            password=f"password={parts.password}" if parts.password else "",
            listen=listen,
            pool_size=pool_size,
        )
    )
    account = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    with settings.open("rb") as read, (folder / "pgbouncer.log").open("wb") as log:  # no access to our folder
        process = await asyncio.create_subprocess_exec(
            program, *account, "/dev/stdin", stdin=read, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(30):
            while not await _listens(listen):
                assert process.returncode is None, (folder / "pgbouncer.log").read_text()
                await asyncio.sleep(0.02)
        yield f"postgresql://{parts.username}@127.0.0.1:{listen}{parts.path}?sslmode=disable"
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
