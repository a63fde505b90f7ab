"""Localised text: data by BCP 47 language tag."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

LanguageTag = Annotated[str, Meta(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A BCP 47 language tag, such as `fr` or `pt-BR`."""
Line = Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
LocalisedText = dict[LanguageTag, Line]
"""A line of text by language; an empty text is a missing one."""


def widened(tag: str) -> Iterator[str]:
    """Yield a tag and its wider ones: `zh-Hant-TW`, `zh-Hant`, `zh`."""
    parts = tag.split("-")
    return ("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def text_in(text: LocalisedText, wanted: str, default: str) -> str:
    """Return a text in a language: the tag itself, a wider one, the deployment's default, else any; "" if empty."""
    tags = (*widened(wanted), *widened(default), *text)
    return next((text[tag] for tag in tags if text.get(tag, "").strip()), "")


def missing_in(text: LocalisedText, languages: Sequence[str]) -> list[str]:
    """Return the languages in which a text is missing."""
    return [tag for tag in languages if not text.get(tag, "").strip()]


def is_partial(text: LocalisedText, languages: Sequence[str]) -> bool:
    """Return whether an optional text is written in some languages and missing in others."""
    return any(part.strip() for part in text.values()) and bool(missing_in(text, languages))


def hashed(text: LocalisedText) -> LocalisedText:
    """Return a text as it is hashed: 0.2.0 wrote these two languages always, empty where they were missing."""
    return {"fr": "", "en": ""} | text
