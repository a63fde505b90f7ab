"""Texts of persons on paper."""

from virage.platform.paper import plain


def test_a_text_of_a_person_stays_on_one_line_without_control_characters() -> None:
    assert (
        plain("  first\r\nsecond\tthird\x00\x1b[31m\u2028fourth \u202efifth\n")
        == "first second third [31m fourth  fifth"
    )
