from virage.platform.values.derivation import derive
from virage.platform.values.sealing import seal, unseal

NOW, BEFORE, ELSEWHERE = (
    derive(secret, purpose)
    for secret, purpose in [
        ("the secret of the tests, long enough", "letters"),
        ("an older secret of the tests, long enough", "letters"),
        ("the secret of the tests, long enough", "keys"),
    ]
)


def test_a_sealed_text_opens_under_its_name_with_any_known_secret() -> None:
    assert unseal([NOW], seal(NOW, b"text", b"name"), b"name") == b"text"
    assert unseal([NOW, BEFORE], seal(BEFORE, b"text", b"name"), b"name") == b"text"


def test_another_secret_purpose_or_name_opens_nothing() -> None:
    sealed = seal(NOW, b"text", b"name")
    assert unseal([BEFORE, ELSEWHERE], sealed, b"name") is None
    assert unseal([NOW], sealed, b"other") is None
    assert unseal([NOW], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"name") is None
    assert unseal([], sealed, b"name") is None


def test_the_same_text_is_sealed_differently_each_time() -> None:
    one, other = seal(NOW, b"text", b"name"), seal(NOW, b"text", b"name")
    assert one != other
    assert b"text" not in one + other
