"""HTTP requests of the tests beside the browser, with the same timeout."""

from functools import partial

import httpx

from tests.web.patience import PATIENCE_S

get = partial(httpx.get, timeout=PATIENCE_S)
post = partial(httpx.post, timeout=PATIENCE_S)
