"""The edge of `deploy/nchan`, unchanged, on free ports of this machine: nginx in front of one
deployment.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from benchmarks.system import children

SOURCE = Path(__file__).parents[1] / "deploy" / "nchan"
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"
FILES_MAX = 19_000
"""Connections per worker; a process has 20,000 files by default."""


class Nginx:
    """One nginx over plain HTTP. `port` is for phones, `publisher_port` for the system."""

    def __init__(self, folder: Path, system_port: int, port: int, publisher_port: int, *, workers: int = 1) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.publisher_url = f"http://127.0.0.1:{publisher_port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        changes = {
            "worker_processes auto;": f"worker_processes {workers}; daemon off;" + _user(),
            "worker_rlimit_nofile 65536;": f"worker_rlimit_nofile {FILES_MAX + 500};",
            "worker_connections 60000;": f"worker_connections {FILES_MAX};",
            "/run/virage-edge.pid": f"{folder}/pid",
            "/var/log/nginx/virage-edge.log": f"{folder}/log",
            "/var/cache/nginx/virage": f"{folder}/cache",
            "127.0.0.1:8000": f"127.0.0.1:{system_port}",
            "127.0.0.1:8081": f"127.0.0.1:{publisher_port}",
            "443 ssl reuseport": f"127.0.0.1:{port} reuseport",
            "    access_log off;": f"    access_log off; client_body_temp_path {folder}/body; "
            f"proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; "
            f"uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;",
            "        http2 on;\n": "",
            "        ssl_certificate /etc/virage/certificate.pem;\n": "",
            "        ssl_certificate_key /etc/virage/key.pem;\n": "",
        }
        text = (SOURCE / "nginx.conf").read_text()
        for old, new in changes.items():
            if old not in text:
                raise ValueError(f"{SOURCE}/nginx.conf does not say {old!r} any more.")
            text = text.replace(old, new)
        folder.mkdir()
        (folder / "nginx.conf").write_text(text)
        for part in ("phones.conf", "publisher.conf"):
            shutil.copy(SOURCE / part, folder)

    def start(self) -> None:
        """Start it; return once it responds."""
        self._process = subprocess.Popen([PROGRAM, "-c", str(self._folder / "nginx.conf")])  # noqa: S603 - nginx
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"nginx does not start: {self.errors()}")

    def kill(self) -> None:
        """Kill it with its workers and everything in its memory."""
        if self._process is None or self._process.poll() is not None:
            return
        for pid in (self._process.pid, *children(self._process.pid)):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def errors(self) -> str:
        """Its error log."""
        log = self._folder / "log"
        return log.read_text() if log.exists() else ""


def _user() -> str:
    """The user of the workers: the same files are readable when it is started as root."""
    return " user root;" if os.geteuid() == 0 else ""
