"""Published and stored files keep their bytes: vectors that other programs verify by, the pass,
this golden set.
"""

from hashlib import sha256
from pathlib import Path

FROZEN = Path(__file__).with_name("frozen.sha256")
ROOT = Path(__file__).parents[2]


def test_every_frozen_file_still_has_its_bytes() -> None:
    frozen = [line.split() for line in FROZEN.read_text().splitlines()]
    changed = [name for digest, name in frozen if sha256((ROOT / name).read_bytes()).hexdigest() != digest]
    assert not changed
    assert len(frozen) == 24
