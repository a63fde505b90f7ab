"""How long tests of whole programs wait: a test fails for what does not come, never for what comes late."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, expect

PATIENCE_S = 90.0


@pytest.fixture(scope="session", autouse=True)
def every_page_is_waited_for() -> Iterator[None]:
    """Playwright gives up after 30 seconds, and each way to open a page would have to be told otherwise."""

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
