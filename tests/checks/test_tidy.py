"""The small checks of `checks/tidy.py`."""

from pathlib import Path

from checks.tidy import unseen_pictures


def test_a_picture_that_no_page_shows_is_a_fault(tmp_path: Path) -> None:
    page, shown, other = tmp_path / "page.md", tmp_path / "office-home.png", tmp_path / "home.png"
    page.write_text("![The office](screens/office-home.png)")
    assert list(unseen_pictures([page, shown, other])) == [f"{other}: no page shows this picture"]
