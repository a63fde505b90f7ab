from hypothesis import given
from hypothesis import strategies as st

from virage_sandbox.signatures import TOLERANCE_S, sign, verify

AT = 1_780_000_000


def test_what_was_signed_is_believed() -> None:
    assert verify("secret", b"news", sign("secret", b"news", AT), AT)


def test_a_signature_is_believed_for_five_minutes_and_no_longer() -> None:
    header = sign("secret", b"news", AT)
    assert verify("secret", b"news", header, AT + TOLERANCE_S)
    assert verify("secret", b"news", header, AT - TOLERANCE_S)
    assert not verify("secret", b"news", header, AT + TOLERANCE_S + 1)
    assert not verify("secret", b"news", header, AT - TOLERANCE_S - 1)


def test_another_body_secret_or_time_is_not_believed() -> None:
    header = sign("secret", b"news", AT)
    assert not verify("secret", b"other", header, AT)
    assert not verify("other", b"news", header, AT)
    assert not verify("secret", b"news", header.replace(str(AT), str(AT + 1)), AT)


def test_without_a_secret_nobody_is_believed() -> None:
    assert not verify("", b"news", sign("", b"news", AT), AT)


@given(st.text(max_size=200))
def test_no_text_is_believed_by_chance_and_none_breaks_the_check(header: str) -> None:
    assert not verify("secret", b"news", header, AT)
