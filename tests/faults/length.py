"""How long the tests of faults go on: at full length with `make test-ops`, a short case of each with `make test`."""

import os

FULL = "VIRAGE_TEST_OPS" in os.environ
