"""The test vectors of the gate's two implementations."""

from tests.matchday.access import make_vectors
from virage.matchday.access.rules.decision import RefusalReason


def test_the_vectors_match_the_rules() -> None:
    files = {
        make_vectors.FILE: make_vectors.vectors(),
        make_vectors.IDENTITY_FILE: make_vectors.identity_vectors(),
    }
    for file, content in files.items():
        assert file.read_text(encoding="utf-8") == make_vectors.file_text(content)


def test_the_vectors_cover_every_reason() -> None:
    assert make_vectors.refusals() == {reason.value for reason in RefusalReason}
