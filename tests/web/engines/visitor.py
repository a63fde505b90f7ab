"""A person in front of a browser: finds things by role and name, as a screen reader does, in any
engine.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web.engines.browsers import Engine, NotYet

LIBRARY = Path(__file__).parent / "node_modules/@testing-library/dom/dist/@testing-library/dom.umd.min.js"
WAIT_S = 60.0
POLL_S = 0.1
ROLE = """
    const name = args.exact ? args.name : new RegExp(args.name, "i");
    return TestingLibraryDom.queryAllByRole(document.body, args.role, { name })[0] ?? null;
"""
LABEL = "return TestingLibraryDom.queryAllByLabelText(document.body, new RegExp(args.name, 'i'))[0] ?? null;"
SELECTOR = "return document.querySelector(args.selector);"
TEXT = "return document.body.innerText;"


class Visitor:
    """A visitor of one deployment."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.url = url

    def visit(self, path: str) -> None:
        """Open a page."""
        self.engine.visit(self.url + path)

    def press(self, role: str, name: str, *, exact: bool = False) -> None:
        """Press the first thing with this role and name, a pattern unless `exact`."""
        self._act(f"press {role} {name}", self.engine.press, ROLE, role=role, name=name, exact=exact)

    def press_at(self, selector: str) -> None:
        """Press the first thing that a selector finds."""
        self._act(f"press {selector}", self.engine.press, SELECTOR, selector=selector)

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        self._act(f"fill {label}", lambda body, **args: self.engine.type(body, text, **args), LABEL, name=label)

    def sees(self, text: str) -> None:
        """Wait until a text is on the page."""
        self.holds("document.body.innerText.includes(args.text)", text=text)

    def reads(self, body: str, **args: Any) -> Any:
        """Return the result of an async function body in the page."""
        return self.engine.script(body, **args)

    def holds(self, condition: str, **args: Any) -> None:
        """Wait until an expression is true in the page."""
        self._until(f"{condition} {args}", lambda: self.reads(f"return Boolean({condition});", **args) is True)

    def _act(self, wanted: str, act: Callable[..., None], body: str, **args: Any) -> None:
        def done() -> bool:
            if not self.engine.script("return 'TestingLibraryDom' in globalThis;"):
                self.engine.script(LIBRARY.read_text(encoding="utf-8"))
            act(body, **args)
            return True

        self._until(wanted, done)

    def _until(self, wanted: str, done: Callable[[], bool]) -> None:
        end, last = time.monotonic() + WAIT_S, ""
        while time.monotonic() < end:
            try:
                if done():
                    return
            except NotYet as reason:
                last = str(reason)
            time.sleep(POLL_S)
        raise TimeoutError(f"{wanted}: {last}; the page says: {self.reads(TEXT)[:1500]}")
