"""What tests of concessions share: the house's vault."""

import pytest

from virage.kernel.config import Config
from virage.passes import acts as passes
from virage.passes.rules.vault import KeyVault


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return passes.open_vault(config)
