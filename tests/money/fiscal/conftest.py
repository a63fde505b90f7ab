"""Fixtures: a till with three closed days, its archive, and office routes."""

import pytest

from tests.matchday.food.conftest import counters
from tests.money.fiscal.archives import Lines, file_of, lines_of, three_days
from tests.money.fiscal.till import Till
from virage.identity.keys.acts import open_vault
from virage.identity.keys.rules.vault import KeyVault
from virage.platform.data.database import Database
from virage.platform.settings.config import Config

__all__ = ["counters"]


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return open_vault(config)


@pytest.fixture
async def till(db: Database, vault: KeyVault) -> Till:
    made = Till()
    await three_days(db, vault, made)
    return made


@pytest.fixture
async def lines(till: Till, db: Database, vault: KeyVault) -> Lines:
    file = await file_of(db, vault, till)
    assert file is not None
    return lines_of(file)
