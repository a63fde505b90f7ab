"""A till's fiscal archive, downloaded from the office when the golden set was made."""

from pathlib import Path

from tests.golden.archives import contents, lines_of, type_of, write
from tests.golden.system import FOLDER, golden, virage

ARCHIVE = FOLDER / "archive.jsonl.gz"
TYPES = ("header", "record", "anchor", "closing", "seal")


def verified(*files: Path) -> tuple[int, str]:
    """Return the exit status of `virage fiscal verify`, and its output without line breaks."""
    done = virage({}, "fiscal", "verify", *map(str, files))
    return done.returncode, " ".join(done.stdout.split())


def test_the_archive_verifies() -> None:
    held = golden().archive
    assert contents(ARCHIVE) == held
    assert sorted(held.lines) == sorted(TYPES)
    status, output = verified(ARCHIVE)
    assert status == 0, output
    assert f"till {held.till}, records {held.first} to {held.last}" in output


def test_an_archive_with_one_changed_byte_does_not_verify(tmp_path: Path) -> None:
    lines = lines_of(ARCHIVE)
    files = []
    for wanted in TYPES:
        index = next(index for index, line in enumerate(lines) if type_of(line) == wanted)
        files.append(write(tmp_path / f"{wanted}.gz", [*lines[:index], changed(lines[index]), *lines[index + 1 :]]))
    status, output = verified(ARCHIVE, *files)
    assert status == 1, output
    assert [name for name in TYPES if f"{name}.gz: damaged" not in output] == []
    assert output.count(": clean") == 1


def test_an_archive_with_one_changed_byte_in_its_compressed_form_does_not_verify(tmp_path: Path) -> None:
    data = bytearray(ARCHIVE.read_bytes())
    data[len(data) // 2] ^= 1
    file = tmp_path / "changed.gz"
    file.write_bytes(data)
    status, output = verified(file)
    assert status == 1, output


def changed(line: bytes) -> bytes:
    """Return the line with one character in its middle replaced by another letter or digit."""
    middle = len(line) // 2
    while not line[middle : middle + 1].isalnum():
        middle += 1
    other = b"0" if line[middle : middle + 1] != b"0" else b"1"
    return line[:middle] + other + line[middle + 1 :]
