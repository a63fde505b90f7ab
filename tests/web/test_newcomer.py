"""A newcomer in an empty folder: the commands of the guided tour, the match desk, and a replay of a
goal.
"""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.ports import free_ports
from tests.running import Running, started
from tests.samples import match_file
from tests.web import http
from tests.web.conftest import FLAGS, SHELL
from tests.web.office import ENGLISH
from tests.web.steps import kick_off
from virage.platform.values.ids import new_id

ROOT = Path(__file__).parents[2]
WAIT_S = 60
CODE = re.compile(r"\b\d{4} \d{4} \d{4}\b|\b\d{6}\b")


def commands(section: str) -> list[str]:
    """Return the `virage` commands that the `make` commands of a section of the guided tour start."""
    tour = (ROOT / "docs/guide/tour.md").read_text(encoding="utf-8")
    text = tour.partition(f"### {section}\n")[2].partition("\n#")[0]
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = re.findall(r"^make (\w+)", text, re.MULTILINE)
    return [re.findall(rf"^{target}:.*\n\t@exec virage (\w+)$", recipes, re.MULTILINE)[0] for target in made]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A demo as `make run` starts it."""
    running = Running(tmp_path_factory.mktemp("newcomer"), *free_ports(2))
    try:
        running.until(running.greeted)
        yield running
    finally:
        running.end()


@contextmanager
def beside(
    system: Running, *arguments: str, name: str = ""
) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[], str]]]:
    """A command started in another terminal, without variables; and its output."""
    output = system.folder / f"{name or arguments[0]}.txt"
    process = started(system.folder, output, *arguments)
    try:
        yield process, output.read_text
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(WAIT_S)


def sign_in(page: Page, system: Running, email: str) -> None:
    """Sign in when the page asks for it, with the code of the latest email."""
    known = emails(system, email)
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    system.until(lambda: len(emails(system, email)) > len(known))
    page.get_by_label("Sign-in code").fill(CODE.findall(emails(system, email)[0])[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    name, matches = page.get_by_label("Your name"), page.get_by_role("heading", name="Which match?")
    name.or_(matches).first.wait_for()
    if name.is_visible():
        name.fill("Test Holder")
        page.get_by_role("button", name="Save").click()


def emails(system: Running, email: str) -> list[str]:
    """The emails to an address, the latest first."""
    found = http.get(f"{system.url}/api/mailbox").json()
    return [message["subject"] + message["body"] for message in found if message["recipient"] == email]


def test_the_commands_of_the_readme_show_a_goal_and_its_replay(system: Running) -> None:
    run, cameras = commands("See a goal again")
    assert run == "run", "the system starts with it"
    with beside(system, cameras) as (process, said), sync_playwright() as playwright:
        system.until(lambda: "Two cameras are sending" in said() or process.poll() is not None)
        assert process.poll() is None, said()
        browser = playwright.chromium.launch(executable_path=SHELL, args=FLAGS)
        context = browser.new_context(base_url=system.url, locale="en-GB")
        context.add_init_script(ENGLISH)
        desk = context.new_page()
        desk.goto("/staff/desk")
        sign_in(desk, system, "desk@example.org")
        desk.get_by_role("button", name="Virage FC v Étoile du Nord").first.click()
        with context.expect_page() as opened:
            desk.get_by_role("link", name="View the fans’ page").click()
        fan = opened.value
        kick_off(desk)
        desk.get_by_role("button", name="Goal Virage FC").click()
        desk.locator("[data-player='9']").click()
        goal = fan.locator("[data-entry]").filter(has_text="Goal for Virage FC")
        goal.get_by_role("button", name="Watch again").click()
        expect(fan.locator("[data-state='playing']")).to_be_visible()
        browser.close()
        with beside(system, cameras, name="again") as (again, refused):
            assert again.wait(WAIT_S) == 1
            assert refused() == "These cameras are already running.\n"
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0
        assert psutil.wait_procs(family, timeout=WAIT_S)[1] == []
    assert http.get(f"{system.url}/readyz").text == "ready\n", "the system continues without them"


def test_commands_use_the_running_deployment_without_stopping_it(system: Running) -> None:
    servers = [one for one in system.family() if one.name() == "postgres"]
    events = http.get(f"{system.url}/api/events").json()["events"]
    event = next(one["id"] for one in reversed(events) if one["kind"] == "match")
    files = [str(match_file(f"statsbomb_3788741_{name}.json")) for name in ("event", "lineup")]
    with beside(system, "match", *files) as (process, said):
        assert process.wait(WAIT_S) == 1
        assert f"{event}  " in said(), "the command lists the events"
    with beside(system, "match", *files, "--event", event, "--speed", "0") as (process, said):
        assert process.wait(3 * WAIT_S) == 0, said()
    assert http.get(f"{system.url}/api/live/{event}").json()["state"]["match_over"]
    lost = str(new_id())
    with beside(system, "ball", "--broker", "mqtt://localhost:1", "--event", lost, "--ball", "one") as (process, said):
        assert process.wait(WAIT_S) == 1
        assert said() == f"{lost} is not a public event.\n"
    with beside(system, "wallet", "audit") as (process, said):
        assert process.wait(WAIT_S) == 0, said()
    assert servers
    assert servers[0].is_running(), "the first process is the server itself"
