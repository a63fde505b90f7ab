"""Requests of the tests' own, beside those of a browser: as patient as it is."""

from functools import partial

import httpx

from tests.web.patience import PATIENCE_S

get = partial(httpx.get, timeout=PATIENCE_S)
post = partial(httpx.post, timeout=PATIENCE_S)
