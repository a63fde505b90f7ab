"""Progress of the steps of a long start, and what to do about failures.

The Makefile runs this file before anything is installed (`python steps.py NAME COMMAND...`), so it imports nothing but
the standard library.
"""

import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TextIO

TICK_S = 1.0
NAME_WIDTH = 22
INTERRUPTED = 130
ERASE = "\r\x1b[2K"

FULL = "The disk is full. Free some space (the first start needs about 2 GB) and try again."
NO_VENV = "This Python has no venv. Install it (Debian and Ubuntu: apt-get install python3-venv) and try again."
CLOSED = "This account may not write in {folder}. Give it the folder, or put Virage elsewhere, and try again."
NO_NETWORK = """Packages cannot be fetched. Check the network (HTTPS_PROXY names a proxy; PIP_INDEX_URL and \
npm_config_registry name mirrors) and try again."""
CHANGED = """A package is not the one that was locked. Empty the caches (pip cache purge, npm cache clean --force), \
check the mirror, and try again."""
ADVICE = {
    r"No space left on device|ENOSPC|Disk quota exceeded": FULL,
    r"ensurepip is not available|No module named '?(venv|ensurepip)": NO_VENV,
    r"Permission denied|EACCES|Read-only file system|EROFS": CLOSED,
    r"DO NOT MATCH THE HASHES|EINTEGRITY": CHANGED,
    r"name resolution|NewConnectionError|Connection refused|timed out|Max retries exceeded|No matching distribution": (
        NO_NETWORK
    ),
    r"ProxyError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|unreachable": NO_NETWORK,
}
"""What to do, by a text in the output of a failed command; the first match is printed."""


class Step:
    """A line on a terminal that counts the seconds; in a file, a line at the start and one at the end.

    `result` is what the last line says of a step that succeeded.
    """

    def __init__(self, name: str, out: TextIO) -> None:
        self._name = name
        self._out = out
        self._began = time.monotonic()
        self._note = "..."
        self.result = "done"
        self._lock = threading.Lock()

    def note(self, text: str) -> None:
        """Show the progress of the step."""
        self._note = text
        self.show()

    def end(self, result: str) -> None:
        """Show the end of the step and its duration."""
        self._note = result
        self.show(last=True)

    def show(self, *, last: bool = False) -> None:
        """Write the line, on a terminal over the previous one."""
        time_s = f"{time.monotonic() - self._began:.1f} s"
        with self._lock:
            if self._out.isatty():
                line = f"  {self._name:<{NAME_WIDTH}}{time_s:>8}  {self._note}"
                self._out.write(ERASE + (f"{line}\n" if last else line[: get_terminal_size().columns - 1]))
            else:
                self._out.write(f"  {self._name:<{NAME_WIDTH}}{f'{time_s:>8}  ' if last else ''}{self._note}\n")
            self._out.flush()


@contextmanager
def step(name: str, out: TextIO | None = None) -> Iterator[Step]:
    """Show a step while it runs, and its duration."""
    shown = Step(name, out or sys.stdout)
    over = threading.Event()
    ticking = threading.Thread(target=_tick, args=(shown, over), daemon=True)
    shown.show()
    if (out or sys.stdout).isatty():
        ticking.start()
    result = "not done"
    try:
        yield shown
        result = shown.result
    finally:
        over.set()
        if ticking.is_alive():
            ticking.join()
        shown.end(result)


def _tick(shown: Step, over: threading.Event) -> None:
    while not over.wait(TICK_S):
        shown.show()


def run(name: str, command: Sequence[str]) -> int:
    """Run a command as a step. If it fails, its output is shown, and then what to do."""
    try:
        with step(name):
            subprocess.run(  # noqa: S603 - the Makefile's own commands
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
            )
    except subprocess.CalledProcessError as failure:
        output = failure.stdout.decode(errors="replace").strip()
        sys.stderr.write(f"{output}\n\n{advice(output) or f'{name} failed: {shlex.join(command)}'}\n")
        return failure.returncode
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def advice(output: str) -> str | None:
    """Return what to do about a failed command with this output."""
    found = next((advised for shown, advised in ADVICE.items() if re.search(shown, output)), None)
    return found and found.format(folder=Path.cwd())


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
