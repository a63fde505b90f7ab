"""An edge cache in front of Virage: nginx, which sends one request upstream for many phones."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.common import percentile
from benchmarks.wire import Client

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
READY_S = 10.0
CONFIGURATION = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
daemon off;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    proxy_cache_path {folder}/cache keys_zone=replay:10m max_size=2g inactive=1h;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {url};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache replay;
            proxy_cache_lock on;
            proxy_cache_use_stale updating;
            proxy_cache_background_update on;
            add_header x-cache $upstream_cache_status;
        }}
    }}
}}
"""


@asynccontextmanager
async def cached(url: str, port: int, folder: Path) -> AsyncIterator[str | None]:
    """The address of a cache in front of `url`; None where nginx is not installed."""
    if NGINX is None:
        yield None
        return
    file = await asyncio.to_thread(_configured, folder, CONFIGURATION.format(folder=folder, port=port, url=url))
    nginx = subprocess.Popen([NGINX, "-c", str(file), "-p", str(folder)], stderr=subprocess.DEVNULL)  # noqa: ASYNC220, S603
    try:
        address, ends = f"http://127.0.0.1:{port}", time.monotonic() + READY_S
        while not await _answers(address):
            if time.monotonic() > ends:
                raise TimeoutError("nginx does not answer.")
            await asyncio.sleep(0.05)
        yield address
    finally:
        nginx.terminate()
        nginx.wait()


def _configured(folder: Path, text: str) -> Path:
    folder.mkdir()
    folder.parent.chmod(0o711)  # its workers run as an unprivileged user, who enters this folder
    folder.chmod(0o777)  # and writes to this one
    file = folder / "nginx.conf"
    file.write_text(text)
    return file


async def _answers(address: str) -> bool:
    client = Client(address)
    try:
        return (await client.ask(b"GET", b"/livez")).status > 0
    except OSError:
        return False
    finally:
        client.close()


async def measure_requests(address: str, paths: Sequence[str], phones: int, seconds: float) -> dict[str, float]:
    """Let connections request these paths one after the other, for so long; return the number of
    responses and their latency.
    """
    client, ends = Client(address), time.monotonic() + seconds
    late: list[float] = []
    got = wrong = 0

    async def one(number: int) -> None:
        nonlocal got, wrong
        at = number
        while time.monotonic() < ends:
            began = time.perf_counter()
            answer = await client.ask(b"GET", paths[at % len(paths)].encode())
            late.append(1000 * (time.perf_counter() - began))
            got += len(answer.body)
            wrong += answer.status != 200  # noqa: PLR2004 - OK
            at += 1

    began = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(phones)))
    took = time.monotonic() - began
    client.close()
    return {
        "requests_s": round(len(late) / took),
        "gbit_s": round(8 * got / took / 1e9, 3),
        "p50_ms": round(percentile(late, 0.5), 1),
        "p99_ms": round(percentile(late, 0.99), 1),
        "wrong": wrong,
    }
