"""What tests of concessions share: the house's vault."""

import pytest

from tests.concessions.bar import Bar
from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.passes import acts as passes
from virage.passes.rules.vault import KeyVault


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return passes.open_vault(config)


@pytest.fixture
def bar(db: Database, clock: Clock, config: Config) -> Bar:
    return Bar(db, clock, config)
