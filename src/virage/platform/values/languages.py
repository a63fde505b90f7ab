"""The installed languages: folders of `src/virage/messages`, named by their BCP 47 tags (docs/languages.md)."""

import re
import tomllib
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from virage.platform.values.localised import widened

FOLDER: Final = Path(__file__).parents[2] / "messages"

Messages = TypeVar("Messages")


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """A language: its name in itself, the tag of its number and date formats, and the marks that follow a space."""

    name: str
    formats: str
    spaced_marks: str = ""


@cache
def installed() -> dict[str, Language]:
    """Return the languages by tag."""
    found = sorted(FOLDER.glob("*/language.json"))
    return {path.parent.name: msgspec.json.decode(path.read_bytes(), type=Language) for path in found}


def best(wanted: str, fallback: str) -> str:
    """Return the installed language of a tag: the tag itself, a wider one (`fr` for `fr-CA`), else the fallback."""
    return next((tag for tag in (*widened(wanted), *widened(fallback)) if tag in installed()), fallback)


def messages(tag: str, name: str, kind: type[Messages]) -> Messages:
    """Return a file of a language, or a section of it: `push` or `push.match`.

    ValueError if a message is missing, or one that nothing reads is there.
    """
    return cast("Messages", _read(tag, name, cast("Hashable", kind)))


@cache
def _read(tag: str, name: str, kind: Any) -> Any:
    file, _, section = name.partition(".")
    text = (FOLDER / tag / f"{file}.toml").read_text("utf-8")
    if marks := installed()[tag].spaced_marks:  # a line never begins with one
        text = re.sub(rf" (?=[{marks}](?!\}}))|(?<=«) ", "\N{NO-BREAK SPACE}", text)
    read: dict[str, Any] = tomllib.loads(text)
    return msgspec.convert(read[section] if section else read, kind)
