"""Time-outs of tests of whole programs: a test fails when something never comes, not when it is
late.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, expect

PATIENCE_S = 90.0


@pytest.fixture(scope="session", autouse=True)
def every_page_is_waited_for() -> Iterator[None]:
    """Raise Playwright's timeout of 30 seconds for every way to open a page."""

    def patient(opened: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(opened)
        def open_patiently(*arguments: Any, **options: Any) -> Any:
            page_or_context = opened(*arguments, **options)
            page_or_context.set_default_timeout(PATIENCE_S * 1000)
            return page_or_context

        return open_patiently

    expect.set_options(timeout=PATIENCE_S * 1000)
    ways = ((Browser, "new_context"), (Browser, "new_page"), (BrowserType, "launch_persistent_context"))
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ways:
            patch.setattr(owner, name, patient(getattr(owner, name)))
        yield
