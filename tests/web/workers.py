"""The service worker of the fans' app: only in the browsers that a test names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from playwright.sync_api import Browser

REGISTRATION_BLOCKED = "Service Worker registration blocked by Playwright"
"""The warning of a page whose worker is blocked."""


@contextmanager
def without_service_workers() -> Iterator[None]:
    """Block the service worker of each new context that does not say `service_workers="allow"`.

    A worker that is installed caches all files of the app, some 150 requests: four times the work of
    opening the page. Browsers with a profile of their own, which tests open again offline, keep it.
    """

    def blocking(opened: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(opened)
        def open_without_worker(*arguments: Any, **options: Any) -> Any:
            return opened(*arguments, **{"service_workers": "block"} | options)

        return open_without_worker

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYWRIGHT_DISABLE_SERVICE_WORKER_NETWORK", "1")  # no test watches what a worker loads
        for name in ("new_context", "new_page"):
            patch.setattr(Browser, name, blocking(getattr(Browser, name)))
        yield
