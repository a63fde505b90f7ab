"""Firefox by WebDriver BiDi and WebKit by WebDriver, behind one interface. Each keeps a profile
between its starts.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psutil
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

HERE = Path(__file__).parent
FIREFOX, WEBKIT_DRIVER = "/usr/bin/firefox-esr", "/usr/bin/WebKitWebDriver"
PHONE = ("390", "844")
END_S = 30
ANSWER_S = 120  # a driver that hangs fails its test instead of holding up all others
SCRIPT = """
const [args, done] = arguments;
(async (args) => {%s})(args).then((value) => done([value, null]), (error) => done([null, String(error)]));
"""


class NotYet(Exception):
    """The page has no such element, the element is covered, or the page was just replaced by
    another.
    """


class Engine(Protocol):
    """One browser. A `body` is the body of an async function of the page, which gets the other
    arguments as `args`.
    """

    def __enter__(self) -> None:
        """Start the browser with the profile of its last start."""

    def __exit__(self, *_: object) -> None:
        """End the browser and all its processes."""

    def visit(self, url: str) -> None:
        """Load a page."""

    def script(self, body: str, **args: Any) -> Any:
        """Return what a body returns."""

    def press(self, body: str, **args: Any) -> None:
        """Click the element that a body returns."""

    def type(self, body: str, text: str, **args: Any) -> None:
        """Replace the text of the field that a body returns."""

    def complaints(self) -> list[str]:
        """Return the errors and warnings of the console since the start."""


class Firefox:
    """Firefox, through puppeteer-core: Debian has no geckodriver."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> None:
        """Start the browser with the profile of its last start."""
        node = shutil.which("node")
        assert node is not None
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [node, str(HERE / "firefox.mjs"), FIREFOX, str(self._profile), *PHONE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __exit__(self, *_: object) -> None:
        """End the browser and all its processes."""
        process, self._process = self._process, None
        if process is not None:
            with ended(process.pid):
                process.communicate(timeout=END_S)  # its input ends

    def visit(self, url: str) -> None:
        """Load a page."""
        self._ask("visit", url=url)

    def script(self, body: str, **args: Any) -> Any:
        """Return what a body returns."""
        return self._ask("script", body=body, args=args)

    def press(self, body: str, **args: Any) -> None:
        """Click the element that a body returns."""
        self._ask("press", body=body, args=args)

    def type(self, body: str, text: str, **args: Any) -> None:
        """Replace the text of the field that a body returns."""
        self._ask("type", body=body, args=args, text=text)

    def complaints(self) -> list[str]:
        """Return the errors and warnings of the console since the start."""
        return list(self._ask("complaints"))

    def _ask(self, order: str, **more: Any) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"order": order, **more}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise NotYet(answer["error"])
        return answer["value"]


class WebKit:
    """WebKitGTK, the closest engine to Safari on Linux, on an X display."""

    def __init__(self, profile: Path, display: str, certificate: Path | None = None) -> None:
        self._console = profile / "console"
        self._environment = os.environ | {"DISPLAY": display, "NO_AT_BRIDGE": "1"}
        self._options = Options()
        self._options.binary_location = str(HERE / "webkit_window.py")
        for argument in (str(profile), *PHONE, *([str(certificate)] if certificate else [])):
            self._options.add_argument(argument)
        self._service: Service | None = None
        self._driver: webdriver.Remote | None = None

    def __enter__(self) -> None:
        """Start the browser with the profile of its last start."""
        self._console.parent.mkdir(exist_ok=True)
        self._console.write_bytes(b"")
        self._service = Service(WEBKIT_DRIVER, env=self._environment)
        self._service.start()
        try:
            config = ClientConfig(
                self._service.service_url,
                timeout=ANSWER_S,
                init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
            )
            driver = RemoteConnection(client_config=config)
            self._driver = webdriver.Remote(driver, options=self._options)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        """End the browser and all its processes."""
        assert self._service is not None
        with ended(self._service.process.pid):
            if self._driver is not None:
                self._driver.quit()
            self._service.stop()
        self._service = self._driver = None

    def visit(self, url: str) -> None:
        """Load a page."""
        self._running.get(url)

    def script(self, body: str, **args: Any) -> Any:
        """Return what a body returns."""
        try:
            value, error = self._running.execute_async_script(SCRIPT % body, args)
        except WebDriverException as refused:
            raise NotYet(refused.msg) from None
        if error is not None:
            raise NotYet(error)
        return value

    def press(self, body: str, **args: Any) -> None:
        """Click the element that a body returns."""
        try:
            self._element(body, args).click()
        except WebDriverException as refused:
            raise NotYet(refused.msg) from None

    def type(self, body: str, text: str, **args: Any) -> None:
        """Replace the text of the field that a body returns."""
        try:
            field = self._element(body, args)
            field.clear()
            field.send_keys(text)
        except WebDriverException as refused:
            raise NotYet(refused.msg) from None

    def complaints(self) -> list[str]:
        """Return the errors and warnings of the console since the start."""
        lines = self._console.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if " ERROR " in line or " WARN " in line]

    @property
    def _running(self) -> webdriver.Remote:
        assert self._driver is not None
        return self._driver

    def _element(self, body: str, args: dict[str, Any]) -> WebElement:
        found = self.script(body, **args)
        if not isinstance(found, WebElement):
            raise NotYet("no such element")
        self._running.execute_script("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", found)
        return found


@contextmanager
def ended(pid: int) -> Iterator[None]:
    """Wait until a process and all its children have ended after the end signal; kill the rest."""
    first = psutil.Process(pid)
    processes = [first, *first.children(recursive=True)]
    try:
        yield
    finally:
        _, left = psutil.wait_procs(processes, END_S)
        for process in left:
            process.kill()


@contextmanager
def display() -> Iterator[str]:
    """Yield the name of an X display in memory."""
    reading, writing = os.pipe()
    with subprocess.Popen(  # noqa: S603 - Debian's own
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x1000x24", "-nolisten", "tcp"],  # noqa: S607 - on PATH
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    ) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as number:
                yield f":{number.readline().strip()}"
        finally:
            server.terminate()
