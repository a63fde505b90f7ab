from datetime import UTC, datetime

import pytest

from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.pages.rules import PageDraft, PageKind, PageVersion, in_language, may_publish

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


def version(language: str, revision: int = 1) -> PageVersion:
    return PageVersion(new_id(), PageKind.HELP, language, revision, "Help", "Text", NOW)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fr", "fr"), ("fr-CA", "fr"), ("pt-BR", "pt-BR"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("de", "fr")],
)
def test_a_reader_gets_the_requested_language_then_its_base_then_the_default(wanted: str, language: str) -> None:
    found = in_language([version("en"), version("fr"), version("pt-BR")], wanted, "fr")
    assert found is not None
    assert found.language == language


def test_an_unpublished_page_is_not_found() -> None:
    assert in_language([], "fr", "en") is None


@pytest.mark.parametrize(("title", "body"), [(" ", "Text"), ("Help", "\n \t")])
def test_an_empty_text_is_not_published(title: str, body: str) -> None:
    refusal = may_publish(PageDraft(new_id(), title, body, 0), None)
    assert isinstance(refusal, Refused)
    assert refusal.reason == "invalid_input"


def test_a_text_that_was_edited_from_an_older_version_is_refused_with_the_current_one() -> None:
    assert may_publish(PageDraft(new_id(), "Help", "Text", 3), version("en", 3)) is None
    assert may_publish(PageDraft(new_id(), "Help", "Text", 2), version("en", 3)) == Refused(
        "changed_meanwhile", {"revision": 3}
    )
    assert may_publish(PageDraft(new_id(), "Help", "Text", 1), None) == Refused("changed_meanwhile", {"revision": 0})
