"""The progress of a long start, and its failure messages."""

import io
import subprocess
import sys

import pytest

from virage.cli import steps
from virage.cli.steps import step


def stepped(program: str) -> "subprocess.CompletedProcess[str]":
    """A step as the Makefile runs it, with a Python that has no packages."""
    command = [sys.executable, "-I", "-S", steps.__file__, "Web", sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program


def test_a_successful_step_shows_its_duration_and_no_output() -> None:
    done = stepped("print('a wall of words')")
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first.split() == ["Web", "..."]
    assert last.split()[0] == "Web"
    assert last.split()[2:] == ["s", "done"]


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "The disk is full.",
        ),
        ("npm error code ENOTFOUND", "Packages cannot be fetched. Check the network"),
        ("NewConnectionError('<pip._vendor...>: Failed to establish a new connection", "Packages cannot be fetched."),
        ("[Errno 13] Permission denied: '.venv'", "This account may not write in /"),
        ("The virtual environment was not created because ensurepip is not available.", "This Python has no venv."),
    ],
)
def test_a_failed_step_shows_its_output_and_then_what_to_do(said: str, advised: str) -> None:
    done = stepped(f"import sys; print('first words', flush=True); print({said!r}, file=sys.stderr); sys.exit(3)")
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].endswith("not done")
    assert done.stderr.splitlines()[0] == "first words"
    assert done.stderr.splitlines()[-1].startswith(advised)


def test_an_unknown_failure_names_the_command() -> None:
    done = stepped("raise SystemExit('the types do not fit')")
    assert done.stderr.splitlines()[-1].startswith(f"Web failed: {sys.executable} -c ")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_a_step_that_ends_with_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    with step("Demonstration", terminal) as shown:
        shown.note("a long account of what was sold at the counter so far" * 2)
        shown.result = "with 9,000 orders"
    lines = terminal.getvalue().split(steps.ERASE)[1:]
    assert all(len(line) < 60 for line in lines[:-1])
    assert "a long account" in lines[-2]
    assert lines[-1].endswith("with 9,000 orders\n")
    assert terminal.getvalue().count("\n") == 1
