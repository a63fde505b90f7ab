import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.identity.people.rules.addresses import normalise_address


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("fan@example.org", "fan@example.org"),
        ("  Fan.One@Example.ORG\t", "fan.one@example.org"),
        ("fan+match@example.org", "fan+match@example.org"),
        ("fan@CAFÉ.example", "fan@xn--caf-dma.example"),
        ("fan@cafe\u0301.example", "fan@xn--caf-dma.example"),
        ("fan@xn--caf-dma.example", "fan@xn--caf-dma.example"),
        ("fan@例え.example", "fan@xn--r8jz45g.example"),
    ],
)
def test_one_mailbox_has_one_spelling(written: str, stored: str) -> None:
    assert normalise_address(written) == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "fan",
        "@example.org",
        "fan@",
        "fan@localhost",
        "fan@example..org",
        ".fan@example.org",
        "fan.@example.org",
        "fa n@example.org",
        "fan@exa mple.org",
        "fan@-example.org",
        "fan@127.0.0.1",
        "fan@[127.0.0.1]",
        '"a fan"@example.org',
        "fän@example.org",
        "fan@example.org\r\nBcc: all@example.org",
        "fan\r\nBcc: all@example.org\r\n@example.org",
        "fan@example.org\n",
        "fan@example.org, other@example.org",
        "fan@example.org>",
        f"{'f' * 65}@example.org",
        f"fan@{'long.' * 60}org",
        f"fan@{'l' * 100_000}.org",
        "fan@\x00.org",
    ],
)
def test_an_invalid_address_is_refused(written: str) -> None:
    assert normalise_address(written) is None


@given(st.text(max_size=80) | st.builds("{}@{}".format, st.text(max_size=20), st.text(max_size=30)))
def test_a_normalised_address_is_ascii_stable_and_unique(written: str) -> None:
    address = normalise_address(written)
    if address is not None:
        assert address.isascii()
        assert address.isprintable()
        assert not set(address) & set(' ",:;<>()[]\\')
        assert address.count("@") == 1
        assert normalise_address(address) == address
