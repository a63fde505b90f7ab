"""Taps against the vectors of NXP's notes, and with changed bits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.money.wallet.cards.chip import Chip
from virage.money.wallet.cards.rules.demo_cards import NOBODYS, tapped
from virage.money.wallet.cards.rules.sun import (
    FILE_READ_KEY,
    CardKeys,
    Seen,
    SunMessage,
    diversify,
    look_id,
    message_of,
    mirrored,
    opened,
    proven,
    verify,
)

ZERO_KEY = bytes(16)
MASTER = bytes.fromhex("0102030405060708090A0B0C0D0E0F10")
UID = bytes.fromhex("04DE5F1EACC040")
HIDDEN = SunMessage(picc_data="EF963FF7828658A599F3041510671E88", cmac="94EED9EE65337086")
PLAIN = SunMessage(uid="041E3C8A2D6B80", ctr="000006", cmac="4B00064004B0B3D3")
WITH_FILE = SunMessage(
    picc_data="FD91EC264309878BE6345CBE53BADF40", enc="CEE9A53E3E463EF1F459635736738962", cmac="ECC1E7F6C6C73BF6"
)


@pytest.mark.parametrize(
    ("message", "seen"),
    [
        (HIDDEN, Seen(UID, 61)),
        (PLAIN, Seen(bytes.fromhex("041E3C8A2D6B80"), 6)),
        (WITH_FILE, Seen(bytes.fromhex("04958CAA5C5E80"), 8)),
    ],
    ids=["without file data", "plain", "with file data"],
)
def test_the_vectors_of_an12196(message: SunMessage, seen: Seen) -> None:
    assert opened(message, ZERO_KEY) == seen
    assert proven(message, seen, ZERO_KEY)


def test_the_vector_of_an10922() -> None:
    master = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    material = bytes.fromhex("04782E21801D80" + "3042F5" + "4E585020416275")
    # 17 bytes: the note's own vector
    assert diversify(master, material).hex().upper() == "A8DD63A3B89D54B37CA802473FDA9175"


@pytest.mark.parametrize("length", [0, 15, 32])
def test_key_material_of_a_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16 to 31"):
        diversify(MASTER, bytes(length))


def flipped(text: str, bit: int) -> str:
    value = bytearray.fromhex(text)
    value[bit // 8] ^= 1 << bit % 8
    return value.hex().upper()


@given(
    part=st.sampled_from(["uid", "ctr", "cmac", "picc_data", "cmac of it"]),
    bit=st.integers(0, 127),
    counter=st.integers(0, 0xFFFFFF),
)
def test_any_flipped_bit_is_refused(part: str, bit: int, counter: int) -> None:
    keys = CardKeys(MASTER)
    chip = Chip(keys, UID)
    message = chip.hidden(counter) if part in ("picc_data", "cmac of it") else chip.mirrored(counter)
    part = part.removesuffix(" of it")
    assert verify(message, keys) == Seen(UID, counter)
    text = getattr(message, part)
    changed = structs.replace(message, **{part: flipped(text, bit % (len(text) * 4))})
    assert verify(changed, keys) is None


@given(bit=st.integers(0, 127))
def test_any_flipped_bit_of_the_file_is_refused(bit: int) -> None:
    changed = structs.replace(WITH_FILE, enc=flipped(WITH_FILE.enc or "", bit))
    assert not proven(changed, Seen(bytes.fromhex("04958CAA5C5E80"), 8), ZERO_KEY)


def test_a_message_without_its_own_file_proves_nothing() -> None:
    assert not proven(structs.replace(WITH_FILE, enc=None), Seen(bytes.fromhex("04958CAA5C5E80"), 8), ZERO_KEY)
    assert not proven(structs.replace(HIDDEN, enc=WITH_FILE.enc), Seen(UID, 61), ZERO_KEY)


@pytest.mark.parametrize("tag", [0x87, 0x47, 0xC4, 0x00])
def test_a_chip_that_is_set_to_mirror_something_else_makes_no_tap(tag: int) -> None:
    keys = CardKeys(MASTER)
    assert verify(Chip(keys, UID).hidden(1, tag), keys) is None


def test_the_card_of_another_master_key_is_forged() -> None:
    message = Chip(CardKeys(MASTER), UID).mirrored(1)
    assert verify(message, CardKeys(bytes(16))) is None


def test_keys_shared_by_cards_or_of_another_card_cannot_sign_a_tap() -> None:
    keys = CardKeys(MASTER)
    other = bytes.fromhex("04958CAA5C5E80")
    for stolen in (keys.meta_read, keys.of(other, FILE_READ_KEY), keys.of(UID, 0)):
        thief = Chip(keys, UID, file_read_key=stolen)
        assert verify(thief.mirrored(1), keys) is None
        assert verify(thief.hidden(1), keys) is None


def test_keys_of_cards_are_all_different() -> None:
    keys, other = CardKeys(MASTER), bytes.fromhex("04958CAA5C5E80")
    of_both = [keys.of(uid, number) for uid in (UID, other) for number in range(5)]
    assert len({*of_both, keys.meta_read, MASTER}) == len(of_both) + 2


def test_keys_are_never_shown() -> None:
    keys = CardKeys(MASTER)
    assert MASTER.hex() not in repr(keys) + str(keys)
    assert keys.meta_read.hex() not in repr(keys)


def test_a_typed_address_is_read() -> None:
    assert message_of(f"https://virage.local/tap?uid={PLAIN.uid}&ctr={PLAIN.ctr}&cmac={PLAIN.cmac}") == PLAIN
    assert message_of(f"https://virage.local/tap?picc_data={HIDDEN.picc_data}&cmac={HIDDEN.cmac}") == HIDDEN
    with_file = f"picc_data={WITH_FILE.picc_data}&enc={WITH_FILE.enc}&cmac={WITH_FILE.cmac}"
    assert message_of("https://virage.local/tap?" + with_file) == WITH_FILE


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"uid={PLAIN.uid}&cmac={PLAIN.cmac}",
        f"uid={PLAIN.uid}&ctr=00006&cmac={PLAIN.cmac}",
        f"uid={(PLAIN.uid or '').lower()}&ctr={PLAIN.ctr}&cmac={PLAIN.cmac}",
        f"uid={PLAIN.uid}&ctr={PLAIN.ctr}&picc_data={HIDDEN.picc_data}&cmac={HIDDEN.cmac}",
        f"uid={PLAIN.uid}&ctr={PLAIN.ctr}&enc={WITH_FILE.enc}&cmac={PLAIN.cmac}",
        f"picc_data={HIDDEN.picc_data}",
        f"cmac={HIDDEN.cmac}",
        f"picc_data={(HIDDEN.picc_data or '').lower()}&cmac={HIDDEN.cmac}",
        f"picc_data={HIDDEN.picc_data}&cmac={HIDDEN.cmac}&cmac={HIDDEN.cmac}",
        f"picc_data={HIDDEN.picc_data}&cmac={HIDDEN.cmac}&more=1",
        f"picc_data={HIDDEN.picc_data}&cmac={HIDDEN.cmac}%0A",
        f"picc_data={HIDDEN.picc_data}0&cmac={HIDDEN.cmac}",
        f"picc_data={HIDDEN.picc_data}&enc=&cmac={HIDDEN.cmac}",
        f"picc_data={HIDDEN.picc_data}&enc={'0' * 288}&cmac={HIDDEN.cmac}",
        f"picc_data={HIDDEN.picc_data}&cmac={HIDDEN.cmac}" + "&" * 500,
    ],
)
def test_an_address_in_another_spelling_is_not_a_tap(query: str) -> None:
    assert message_of("https://virage.local/tap?" + query) is None


@pytest.mark.parametrize("changes", [{"picc_data": "zz"}, {"cmac": HIDDEN.cmac + "\n"}, {"enc": "00"}])
def test_a_tap_in_another_spelling_is_forged(changes: Any) -> None:
    assert opened(structs.replace(HIDDEN, **changes), ZERO_KEY) is None


@given(text=st.text(max_size=600) | st.text(max_size=60).map(lambda more: f"?picc_data={HIDDEN.picc_data}&{more}"))
def test_typed_text_is_not_a_tap(text: str) -> None:
    assert message_of(text) is None


def test_a_page_that_asks_again_asks_about_the_same_tap() -> None:
    assert look_id(HIDDEN) == look_id(HIDDEN) != look_id(WITH_FILE)
    assert look_id(PLAIN) == look_id(PLAIN) != look_id(structs.replace(PLAIN, ctr="000007"))


@pytest.mark.parametrize("counter", [1, 0x0102, 0xFFFFFF])
def test_a_demo_card_shows_the_message_of_a_real_chip(counter: int) -> None:
    keys = CardKeys(MASTER)
    chip = Chip(keys, NOBODYS)
    assert mirrored(Seen(bytes.fromhex("041E3C8A2D6B80"), 6), ZERO_KEY) == PLAIN
    assert message_of(f"?{tapped(NOBODYS, counter, keys)}") == chip.mirrored(counter)
