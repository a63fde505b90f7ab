"""The vectors that check a phone's implementation of the feed's rules."""

from tests.media.live import make_vectors


def test_the_vectors_match_the_rules() -> None:
    assert make_vectors.FILE.read_text(encoding="utf-8") == make_vectors.file_text()
