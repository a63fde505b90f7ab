"""The declarations of the modules are joined; a name declared twice prevents the start."""

import pytest

from virage.app.domains import MODULES, REFUSALS, joined, parts_of
from virage.platform.data.database import Database
from virage.platform.data.journal import Tail
from virage.platform.module import Process
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock


def test_a_name_declared_by_two_modules_is_a_start_up_error() -> None:
    with pytest.raises(ValueError, match=r"The refusal code 'sold_out' is declared by ticketing and by food_orders\."):
        joined("refusal code", {"ticketing": {"sold_out": 409}, "food_orders": {"sold_out": 409}})


def test_module_names_are_unique_and_refusal_codes_have_a_status() -> None:
    assert len({module.name for module in MODULES}) == len(MODULES)
    assert all(400 <= status < 600 for status in REFUSALS.values())


async def test_every_built_part_belongs_to_a_module(config: Config, db: Database) -> None:
    built = parts_of(Process(config, db, Clock(), Tail(db)))
    assert built.keys() <= {module.name for module in MODULES}
