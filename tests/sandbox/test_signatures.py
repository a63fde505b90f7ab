from hypothesis import given
from hypothesis import strategies as st

from virage_sandbox.signatures import TOLERANCE_S, sign, verify

AT = 1_780_000_000


def test_a_valid_signature_is_accepted() -> None:
    assert verify("secret", b"news", sign("secret", b"news", AT), AT)


def test_a_signature_is_valid_for_five_minutes() -> None:
    header = sign("secret", b"news", AT)
    assert verify("secret", b"news", header, AT + TOLERANCE_S)
    assert verify("secret", b"news", header, AT - TOLERANCE_S)
    assert not verify("secret", b"news", header, AT + TOLERANCE_S + 1)
    assert not verify("secret", b"news", header, AT - TOLERANCE_S - 1)


def test_a_signature_of_another_body_secret_or_time_is_refused() -> None:
    header = sign("secret", b"news", AT)
    assert not verify("secret", b"other", header, AT)
    assert not verify("other", b"news", header, AT)
    assert not verify("secret", b"news", header.replace(str(AT), str(AT + 1)), AT)


def test_without_a_secret_every_signature_is_refused() -> None:
    assert not verify("", b"news", sign("", b"news", AT), AT)


@given(st.text(max_size=200))
def test_arbitrary_texts_are_refused_without_an_exception(header: str) -> None:
    assert not verify("secret", b"news", header, AT)
