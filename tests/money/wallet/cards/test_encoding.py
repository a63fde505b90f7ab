"""The data that an encoder writes to a card."""

import pytest

from virage.money.wallet.cards.rules.encoding import NDEF_FILE_BYTES, settings, template


def test_the_file_settings_have_each_field_of_the_data_sheet_in_order() -> None:
    made = template("https://choose.url.com/ntag424")
    assert made.address == "https://choose.url.com/ntag424?uid=00000000000000&ctr=000000&cmac=0000000000000000"
    fields = ["40", "00E0", "C1", "FFE1", "220000", "350000", "410000", "410000"]
    assert settings(made).file_settings == "".join(fields)


def test_the_offsets_point_at_the_zeros_that_the_chip_overwrites() -> None:
    made = template("https://virage.local/tap")
    file = bytes.fromhex(made.ndef)
    assert file[made.uid_offset :].startswith(b"0" * 14 + b"&ctr=")
    assert file[made.counter_offset :].startswith(b"0" * 6 + b"&cmac=")
    assert file[made.mac_offset :] == b"0" * 16
    assert made.mac_input_offset == made.mac_offset, "the MAC covers no part of the address"
    assert int.from_bytes(file[:2]) == len(file) - 2
    assert file[4] == len(file) - 6, "the record has the length of its payload"
    assert file[6] == 4
    assert "https://" + file[7:].decode() == made.address


def test_the_counter_cannot_be_read_by_command_and_keys_are_numbered() -> None:
    made = settings(template("http://localhost:8000/tap"))
    assert made.file_settings.startswith("4000E0C1FFE1")
    assert sorted(made.keys) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("base", ["ftp://virage.local", "virage.local", "https://é.fr", "https://" + "a" * 200])
def test_an_address_that_no_card_can_hold_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="card"):
        template(base)


def test_the_longest_possible_address_is_accepted() -> None:
    longest = next(size for size in range(NDEF_FILE_BYTES, 0, -1) if fits("https://" + "a" * size))
    assert len(bytes.fromhex(template("https://" + "a" * longest).ndef)) == NDEF_FILE_BYTES


def fits(base: str) -> bool:
    try:
        template(base)
    except ValueError:
        return False
    return True
