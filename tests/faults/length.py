"""The length of the fault tests: full with `make test-ops`, a short case of each with `make test`."""

import os

FULL = "VIRAGE_TEST_OPS" in os.environ
