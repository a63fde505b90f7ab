"""What tests of concessions share: the house's vault, a till with three days behind it, and its archive."""

import pytest

from tests.concessions.archives import Lines, file_of, lines_of, three_days
from tests.concessions.till import Till
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.passes import acts as passes
from virage.passes.rules.vault import KeyVault


@pytest.fixture
def vault(config: Config) -> KeyVault:
    return passes.open_vault(config)


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
