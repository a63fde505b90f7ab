"""The steps of other tests, by the English texts of the screens, on screens in the pseudo-language."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, Page
from playwright.sync_api._generated import LocatorAssertions

from tests.languages.pseudo import longer, pseudo

WORDS = re.compile(r"\\.|[A-Za-z]+")
AMOUNT = re.compile(r"€(\d(?:[\d,]|\\\.\d)*)|(?:\\ )?€$")
Text = str | re.Pattern[str] | None


def in_pseudo(text: Text, *, exact: bool = False) -> Text:
    """Return a pattern of a text: each of its words may be a message or data, an amount as Greek writes it."""
    if text is None:
        return None
    pattern = re.escape(text) if isinstance(text, str) else text.pattern
    if isinstance(text, str) and exact:
        pattern = f"^{pattern}$"
    amounts = AMOUNT.sub(_amount, pattern)
    either = WORDS.sub(lambda word: word[0] if "\\" in word[0] else rf"\[*(?:{word[0]}|{longer(word[0])})\]*", amounts)
    either = re.sub(r"^\^", r"^\\[*", re.sub(r"\$$", r"\\]*$", either))
    return re.compile(either, re.IGNORECASE)


def _amount(found: re.Match[str]) -> str:
    if not found[1]:
        return ".*€"
    greek = re.sub(r",|\\\.", "[,.]", found[1])
    return rf"(?:€{found[1]}|{greek}\s€)"


def _by_text(found: Callable[..., Locator], self: Any, text: Text, *, exact: bool = False) -> Locator:
    return found(self, in_pseudo(text, exact=exact))


def _by_role(found: Callable[..., Locator], self: Any, role: str, **wanted: Any) -> Locator:
    exact = wanted.pop("exact", False)
    return found(self, role, **wanted | {"name": in_pseudo(wanted.get("name"), exact=exact)})


def _filtered(found: Callable[..., Locator], self: Any, **wanted: Any) -> Locator:
    return found(self, **wanted | {"has_text": in_pseudo(wanted.get("has_text"))})


def _has(assertion: Callable[..., None], self: Any, expected: Text, **more: Any) -> None:
    assertion(self, in_pseudo(expected), **more)


def _select(select: Callable[..., list[str]], self: Any, *values: Any, **wanted: Any) -> list[str]:
    label = wanted.get("label")
    if isinstance(label, str):
        offered = [text.strip() for text in self.locator("option").all_text_contents()]
        wanted["label"] = pseudo(label) if pseudo(label) in offered else label
    return select(self, *values, **wanted)


@contextmanager
def english_words() -> Iterator[None]:
    """Locators find elements in the pseudo-language by English words."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (Page, Locator):
            for name in ("get_by_text", "get_by_label"):
                patch.setattr(kind, name, _method(_by_text, getattr(kind, name)))
            patch.setattr(kind, "get_by_role", _method(_by_role, kind.get_by_role))
        patch.setattr(Locator, "filter", _method(_filtered, Locator.filter))
        patch.setattr(Locator, "select_option", _method(_select, Locator.select_option))
        patch.setattr(LocatorAssertions, "to_contain_text", _method(_has, LocatorAssertions.to_contain_text))
        yield


def _method(changed: Callable[..., Any], found: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *positional: Any, **named: Any) -> Any:
        return changed(found, self, *positional, **named)

    return method
