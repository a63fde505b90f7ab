"""The recorded vectors: files of fixed bytes that other programs verify themselves against."""

from hashlib import sha256
from pathlib import Path

RECORDED = Path(__file__).with_name("vectors.sha256")
ROOT = Path(__file__).parents[2]


def test_every_recorded_vector_file_still_has_its_bytes() -> None:
    recorded = [line.split() for line in RECORDED.read_text().splitlines()]
    changed = [name for digest, name in recorded if sha256((ROOT / name).read_bytes()).hexdigest() != digest]
    assert not changed
    assert len(recorded) == 8
