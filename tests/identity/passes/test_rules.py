"""The format of a pass, and forged passes that must fail."""

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import cbor2
import pytest
import segno
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.identity.keys.rules.keys import (
    HolderKey,
    IssuerKey,
    holder_key_from_jwk,
    signed_by_holder,
    signed_by_issuer,
)
from virage.identity.passes.rules import base45, cbor
from virage.identity.passes.rules.claims import read_pass
from virage.identity.passes.rules.code import STEP_SECONDS, TEXT_LENGTH_MAX, read_code, rotating_code, step_at, text_of
from virage.identity.passes.rules.verification import Unverified, VerificationFailure, Verified, verify
from virage.platform.values.jwk import Jwk

LEAN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def verdict_on(made: ModuleType, data: bytes, now: datetime | None = None) -> Verified | Unverified:
    return verify(text_of(data), made.KEYS, now or made.NOW, made.EVENT)


def test_the_vectors_match_the_rules(made: ModuleType) -> None:
    assert made.FILE.read_text(encoding="utf-8") == made.file_text()


def test_each_vector_has_the_verdict_of_its_group(made: ModuleType) -> None:
    assert all(isinstance(verdict_on(made, data), Verified) for data in made.accepted().values())
    for data in made.doubted().values():
        assert isinstance(verdict_on(made, data), Unverified)
    for data in made.malformed().values():
        assert verdict_on(made, data) == Unverified(VerificationFailure.MALFORMED)
    for text in made.malformed_texts().values():
        assert verify(text, made.KEYS, made.NOW, made.EVENT) == Unverified(VerificationFailure.MALFORMED)


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        ("a screenshot of a minute ago", VerificationFailure.STALE_STEP),
        ("a pass with a holder, alone", VerificationFailure.HOLDER_SIGNATURE_MISSING),
        ("another phone's key", VerificationFailure.BAD_HOLDER_SIGNATURE),
        ("another older phone's key", VerificationFailure.BAD_HOLDER_SIGNATURE),
        ("a holder signature with a point of small order", VerificationFailure.BAD_HOLDER_SIGNATURE),
        ("a holder signature for the issuer's purpose", VerificationFailure.BAD_HOLDER_SIGNATURE),
        ("an issuer signature for the holder's purpose", VerificationFailure.BAD_SIGNATURE),
        ("an unknown issuer", VerificationFailure.UNKNOWN_KEY),
        ("this event signed by another event's key", VerificationFailure.WRONG_EVENT),
        ("another event signed by this event's key", VerificationFailure.WRONG_EVENT),
        ("not yet valid", VerificationFailure.NOT_YET_VALID),
        ("no longer valid", VerificationFailure.EXPIRED),
        ("paper in a moving code", VerificationFailure.MALFORMED),
    ],
)
def test_each_verification_failure_is_named(made: ModuleType, name: str, doubt: VerificationFailure) -> None:
    outcome = verdict_on(made, made.doubted()[name])
    assert isinstance(outcome, Unverified)
    assert outcome.reason == doubt


def test_the_largest_code_of_either_key_fits_version_11_at_level_m(made: ModuleType) -> None:
    largest = {"number": 2**32 - 1, "generation": 23, "place": 2**32 - 1, "gate_group": "NORTH2"}
    for phone in (made.ED25519, made.P256):
        early = made.NOW - timedelta(minutes=65_000)
        text = text_of(made.code_of(phone, step=2**32 - 1, not_before=early, **largest))
        code = segno.make(text, error="m", boost_error=False, micro=False)
        assert (code.version, code.error, code.mode) == (11, "M", "alphanumeric")
        assert len(text) <= TEXT_LENGTH_MAX


def test_a_paper_pass_is_marked_as_paper(made: ModuleType) -> None:
    outcome = verdict_on(made, made.ISSUER.sign_pass(made.claims_of(None)))
    assert isinstance(outcome, Verified)
    assert outcome.paper
    assert outcome.step is None


def test_a_code_is_valid_from_the_previous_to_the_next_step(made: ModuleType) -> None:
    code = made.code_of(made.P256)
    start = datetime.fromtimestamp(step_at(made.NOW) * STEP_SECONDS, UTC)
    second = timedelta(seconds=1)
    for moment in (start - 30 * second, start, start + 59 * second):
        assert isinstance(verdict_on(made, code, moment), Verified)
    for moment in (start - 31 * second, start + 60 * second):
        outcome = verdict_on(made, code, moment)
        assert isinstance(outcome, Unverified)
        assert (outcome.reason, outcome.step) == (VerificationFailure.STALE_STEP, step_at(made.NOW))


def test_validity_begins_and_ends_to_the_second(made: ModuleType) -> None:
    claims = made.claims_of(None)
    paper = made.ISSUER.sign_pass(claims)
    second = timedelta(seconds=1)
    for moment, verified in [
        (claims.not_before - second, False),
        (claims.not_before, True),
        (claims.expires_at - second, True),
        (claims.expires_at, False),
    ]:
        assert isinstance(verdict_on(made, paper, moment), Verified) is verified


def test_a_decoded_pass_equals_the_signed_one(made: ModuleType) -> None:
    for holder in (made.ED25519.key, made.P256.key, None):
        claims = made.claims_of(holder)
        signed = read_pass(made.ISSUER.sign_pass(claims))
        assert signed is not None
        assert signed.claims == claims


def test_a_validity_of_partial_minutes_is_rounded_outwards(made: ModuleType) -> None:
    odd = made.claims_of(
        None, not_before=made.NOW + timedelta(seconds=1), expires_at=made.NOW + timedelta(hours=1, microseconds=1)
    )
    signed = read_pass(made.ISSUER.sign_pass(odd))
    assert signed is not None
    assert odd.not_before - timedelta(minutes=1) < signed.claims.not_before <= odd.not_before
    assert odd.expires_at <= signed.claims.expires_at < odd.expires_at + timedelta(seconds=1)


@LEAN
@given(data=st.data())
def test_no_flipped_bit_is_ever_accepted(made: ModuleType, data: st.DataObject) -> None:
    phone = data.draw(st.sampled_from([made.ED25519, made.P256, None]))
    good = made.code_of(phone) if phone else made.ISSUER.sign_pass(made.claims_of(None))
    bit = data.draw(st.integers(0, len(good) * 8 - 1))
    forged = bytearray(good)
    forged[bit >> 3] ^= 1 << (bit & 7)
    assert isinstance(verdict_on(made, bytes(forged)), Unverified)


@LEAN
@given(data=st.data())
def test_no_changed_character_is_ever_accepted(made: ModuleType, data: st.DataObject) -> None:
    good = text_of(made.code_of(made.ED25519))
    at = data.draw(st.integers(0, len(good) - 1))
    character = data.draw(st.sampled_from(base45.ALPHABET).filter(lambda one: one != good[at]))
    text = good[:at] + character + good[at + 1 :]
    assert isinstance(verify(text, made.KEYS, made.NOW, made.EVENT), Unverified)


@LEAN
@given(text=st.text(max_size=400) | st.text(base45.ALPHABET, max_size=400).map(lambda text: "V1:" + text))
@example(text="V1:" + "0" * 1_000_000)
@example(text="V1:\ud800")
def test_any_text_gets_a_verdict_and_never_an_exception(made: ModuleType, text: str) -> None:
    assert isinstance(verify(text, made.KEYS, made.NOW, made.EVENT), Unverified)


@LEAN
@given(tail=st.binary(max_size=238), head=st.sampled_from([b"", b"\xd2\x84", b"\x83", b"\x83\x58\xa5\xd2\x84"]))
def test_any_bytes_get_a_verdict_and_never_an_exception(made: ModuleType, head: bytes, tail: bytes) -> None:
    assert isinstance(verdict_on(made, head + tail), Unverified)


@LEAN
@given(step=st.integers(0, 2**32 - 1))
def test_a_holder_signature_is_valid_for_its_step_only(made: ModuleType, step: int) -> None:
    cwt, now_step = made.ISSUER.sign_pass(made.claims_of(made.ED25519.key)), step_at(made.NOW)
    signature = read_code(text_of(rotating_code(cwt, step, made.ED25519.key, made.ED25519.sign)))
    assert signature is not None
    moved = cbor.encode([cwt, now_step, signature.holder_signature])
    assert isinstance(verdict_on(made, moved), Verified) is (step == now_step)


@LEAN
@given(data=st.binary(max_size=200))
def test_base45_decodes_what_it_encoded(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@LEAN
@given(text=st.text(base45.ALPHABET, max_size=30))
def test_base45_has_one_text_for_each_byte_string(text: str) -> None:
    data = base45.decode(text)
    assert data is None or base45.encode(data) == text


ITEMS = st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.booleans() | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(-24, 23), inner, max_size=4),
    max_leaves=3,
)


@LEAN
@given(item=ITEMS)
def test_canonical_cbor_is_decoded_to_the_same_value(item: Any) -> None:
    assert cbor.decode(cbor.encode(item)) == item


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("1817", "longer head"),
        ("190018", "longer head"),
        ("1a0000ffff", "longer head"),
        ("1b00000000ffffffff", "longer head"),
        ("5800", "longer head"),
        ("9f01ff", "indefinite"),
        ("5f4101ff", "indefinite"),
        ("1c", "reserved"),
        ("a201000100", "repeat"),
        ("a202000100", "order"),
        ("a1616101", "no integers"),
        ("a1f500", "no integers"),
        ("f6", "no pass has"),
        ("f93c00", "no pass has"),
        ("f814", "longer head"),
        ("c100", "no pass has"),
        ("61ff", "UTF-8"),
        ("0000", "trailing"),
        ("", "missing"),
        ("42ff", "missing"),
        ("8201", "missing"),
        ("1901", "missing"),
        ("81818181818181818100", "too deep"),
    ],
)
def test_invalid_cbor_is_refused_with_its_reason(data: str, why: str) -> None:
    with pytest.raises(cbor.NotDeterministic, match=why):
        cbor.decode(bytes.fromhex(data))


@LEAN
@given(data=st.binary(max_size=60))
def test_accepted_cbor_has_only_one_encoding(data: bytes) -> None:
    try:
        item = cbor.decode(data)
    except cbor.NotDeterministic:
        return
    assert cbor2.loads(data) == item
    assert len(cbor.encode(item)) == len(data)  # cbor2 orders maps with longer keys differently


def jwk_of(phone: Any) -> Jwk:
    jwk = phone.jwk()
    return Jwk(jwk["kty"], jwk["crv"], jwk["x"], jwk.get("y"))


def test_the_key_of_a_phone_is_parsed_from_its_jwk(made: ModuleType) -> None:
    for phone in (made.ED25519, made.P256, made.P256_OTHER_PARITY):
        assert holder_key_from_jwk(jwk_of(phone)) == phone.key


def test_a_weak_key_is_refused() -> None:
    ones = {"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA"}
    zero = {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    order_8 = {"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"}
    no_field_element = {"7v_______________________________________38"}
    for x in ones | zero | order_8 | no_field_element:
        assert holder_key_from_jwk(Jwk("OKP", "Ed25519", x)) is None


def test_a_malformed_key_is_refused(made: ModuleType) -> None:
    good, okp = jwk_of(made.P256), jwk_of(made.ED25519)
    for jwk in [
        replace(good, y=good.x),
        replace(good, y=None),
        replace(good, y="AAAA"),
        replace(good, kty="OKP"),
        replace(good, crv="Ed25519"),
        replace(okp, y=good.y),
        replace(okp, x=okp.x[:-1]),
        replace(okp, x=okp.x + "="),
        replace(okp, x="\u00e9" * 43),
        replace(okp, x=""),
    ]:
        assert holder_key_from_jwk(jwk) is None


@pytest.mark.parametrize(("key_bytes", "signature_bytes"), [(32, 0), (32, 63), (32, 65), (31, 64), (33, 64), (0, 64)])
def test_a_key_or_signature_of_a_wrong_length_is_refused(key_bytes: int, signature_bytes: int) -> None:
    public, signature = bytes(key_bytes), bytes(signature_bytes)
    assert not signed_by_issuer(IssuerKey(UUID(int=1), b"kid0", public), signature, b"")
    assert not signed_by_holder(HolderKey(public), signature, b"")
    assert not signed_by_holder(HolderKey(public, y_odd=True), signature, b"")
