"""Passes compared with independent libraries: base45, cbor2 and cwt."""

import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import base45 as library
import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virage.identity.passes.rules import base45, cbor
from virage.identity.passes.rules.code import bytes_of, text_of

COSE = Path(__file__).with_name("cose")
DEPTH_MAX = 6
STRICTER = {"a holder signature with a point of small order"}
"""Signatures that OpenSSL takes and Virage refuses: under such a key they prove nothing."""
VECTORS = Path("docs/vectors/passes.json")
LEAN = settings(max_examples=150, deadline=None)

INTEGERS = st.integers(-(2**64), 2**64 - 1)
ITEMS = st.recursive(
    INTEGERS | st.booleans() | st.text(max_size=40) | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.integers(-24, 23), inner, max_size=30),
    max_leaves=30,
)


@LEAN
@given(data=st.binary(max_size=300))
def test_base45_encodes_like_the_library(data: bytes) -> None:
    assert base45.encode(data).encode() == library.b45encode(data)
    assert library.b45decode(base45.encode(data)) == data


@LEAN
@given(text=st.text(base45.ALPHABET + "a\u00e9_", max_size=60))
def test_base45_refuses_what_the_library_refuses(text: str) -> None:
    try:
        expected = library.b45decode(text)
    except ValueError:
        expected = None
    assert base45.decode(text) == expected


def depth(item: Any) -> int:
    """Return the nesting depth of the innermost value."""
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return max((1 + depth(member) for member in inner), default=0)


@LEAN
@given(item=ITEMS)
def test_cbor_of_the_library_is_decoded_to_the_same_value(item: Any) -> None:
    written = cbor2.dumps(item, canonical=True)
    if depth(item) > DEPTH_MAX:
        with pytest.raises(cbor.NotDeterministic, match="too deep"):
            cbor.decode(written)
    else:
        assert cbor.decode(written) == item == cbor2.loads(written)


@pytest.fixture(scope="module")
def vectors() -> Any:
    """Return the published vectors of passes."""
    return json.loads(VECTORS.read_bytes())


def read_by_library(vectors: Any, passes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the claims that `cwt` reads from the passes, under the issuer's keys of the vectors."""
    issuer = next(issuer for issuer in vectors["issuers"] if issuer["event_id"] == vectors["event_id"])
    ran = subprocess.run(  # noqa: S603 - ours
        [COSE / ".venv" / "bin" / "python", COSE / "read.py"],
        input=json.dumps({"keys": issuer["keys"], "passes": passes}).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def shown(text: str) -> dict[str, Any]:
    """Return the parts of a QR code's text, for `read.py`."""
    data = bytes_of(text)
    assert data is not None
    item = cbor2.loads(data)
    if isinstance(item, cbor2.CBORTag):
        return {"pass": data.hex(), "purpose": "virage:pass:v1"}
    pass_, step, signature = item
    return {"pass": pass_.hex(), "purpose": "virage:pass:v1", "step": step, "signature": signature.hex()}


def test_the_library_cwt_decodes_the_same_claims_from_each_accepted_vector(vectors: Any) -> None:
    accepted = [case for case in vectors["cases"] if case["verdict"]["type"] == "verified"]
    assert {case["verdict"]["paper"] for case in accepted} == {True, False}

    read = read_by_library(vectors, [shown(case["text"]) for case in accepted])

    for case, found in zip(accepted, read, strict=True):
        claims, expected = cbor2.loads(bytes.fromhex(found["claims"])), case["verdict"]["claims"]
        event, number, generation, place, gate_group, minutes = claims[-65537]
        assert {
            "event": event.hex(),
            "number": number,
            "generation": generation,
            "place": place,
            "gate_group": gate_group,
            "not_before": claims[4] - 60 * minutes,
            "expires_at": claims[4],
        } == {name: value for name, value in expected.items() if name != "holder"}, case["name"]
        assert found["phone"] is (None if case["verdict"]["paper"] else True), case["name"]
        assert (8 in claims) is (expected["holder"] is not None)


def test_the_library_cwt_refuses_each_signature_that_virage_refuses(vectors: Any) -> None:
    refused = [
        case for case in vectors["cases"] if case["verdict"].get("reason") in ("bad_signature", "bad_holder_signature")
    ]
    assert len(refused) > 5

    read = read_by_library(vectors, [shown(case["text"]) for case in refused])

    errors = {case["name"]: found.get("error", "") for case, found in zip(refused, read, strict=True)}
    assert {name for name, error in errors.items() if not error.startswith("VerifyError")} == STRICTER


def test_the_library_cwt_decodes_new_passes_of_both_key_types(made: ModuleType, vectors: Any) -> None:
    phones = [made.ED25519, made.P256, made.P256_OTHER_PARITY]
    passes = [shown(text_of(made.code_of(phone))) for phone in phones]

    read = read_by_library(vectors, [*passes, {**passes[0], "purpose": "virage:step:v1"}])

    assert [found.get("phone") for found in read[:-1]] == [True, True, True]
    assert "error" in read[-1], "a signature is worth nothing for another purpose"
