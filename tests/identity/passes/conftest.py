"""The phones and issuers of the vectors, for every test of passes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    """Load a neighbour file once; tests are no package."""
    full_name = f"passes_{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full_name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full_name]


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The module that makes the vectors: issuers, phones, claims and codes from fixed keys."""
    return _load("make_vectors")
