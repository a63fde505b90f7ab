"""Identifiers that are computed from names."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from virage.platform.values.ids import named_id


@given(namespace=st.uuids(), name=st.text())
def test_a_name_has_the_id_that_the_standard_library_computes(namespace: uuid.UUID, name: str) -> None:
    assert named_id(namespace, name) == uuid.uuid5(namespace, name)
