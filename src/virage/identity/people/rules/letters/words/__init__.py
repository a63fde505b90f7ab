"""The words of letters: one TOML file a language, named by its BCP 47 tag; a further language is a further file."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from babel import Locale as Formats
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_percent
from minijinja import Environment
from msgspec import Struct

from virage.platform.values.money import Cents
from virage.site.programme.types import Text
from virage.site.venue.types import PlaceLabel

_FOLDER: Final = Path(__file__).parent
_CURRENCY: Final = "EUR"


class KindWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The templates of one kind of letter; what renders to nothing is left out."""

    subject: str
    title: str
    paragraphs: list[str]
    code: str = ""
    facts: list[tuple[str, str]] = []
    row: tuple[str, str] | None = None
    total: tuple[str, str] | None = None
    button: str = ""
    small: list[str] = []


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """A language's file."""

    formats: str
    common: dict[str, str]
    receipt: dict[str, str]
    tariffs: dict[str, str]
    roles: dict[str, str]
    kinds: dict[str, KindWords]


class Words:
    """One language: its templates, and how it writes days, hours and amounts."""

    def __init__(self, tag: str, file: _File) -> None:
        self.tag = tag
        self.common = file.common
        self.receipt = file.receipt
        self.kinds = file.kinds
        self._tables = {"tariffs": file.tariffs, "roles": file.roles}
        self._formats = Formats.parse(file.formats, sep="-")
        self._templates = Environment(undefined_behavior="strict")
        for name in ("said", "money", "moment", "hour", "place", "word"):
            self._templates.add_filter(name, getattr(self, name))

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return a template's plain text with these values, on one line."""
        return " ".join(self._templates.render_str(template, **values).splitlines()).strip()

    def said(self, text: Text) -> str:
        """Return a localised text in this language, else in one that it has."""
        written: dict[str, str] = msgspec.to_builtins(text)
        return written.get(self.tag) or next(filter(None, written.values()), "")

    def money(self, cents: Cents) -> str:
        """Return an amount."""
        return format_currency(Decimal(cents) / 100, _CURRENCY, locale=self._formats)

    def percent(self, permille: int) -> str:
        """Return a rate."""
        return format_percent(Decimal(permille) / 1000, locale=self._formats, decimal_quantization=False)

    def day(self, at: datetime) -> str:
        """Return a day with its weekday; the moment is in the zone to show."""
        return format_date(at, "full", locale=self._formats)

    def hour(self, at: datetime) -> str:
        """Return a time of day."""
        return format_time(at, "short", locale=self._formats)

    def moment(self, at: datetime) -> str:
        """Return a day and a time of day."""
        return self.render(self.common["moment"], {"day": self.day(at), "hour": self.hour(at)})

    def place(self, label: PlaceLabel) -> str:
        """Return a seat or a standing place."""
        if label.area is None:
            return self.render(self.common["seat"], msgspec.to_builtins(label))
        names = label.area_name or {}
        name = names.get(self.tag) or next(iter(names.values()), label.area)
        return self.render(self.common["area"], {"name": name})

    def named(self, name: str, value: str) -> str:
        """Return a name and its value on one line."""
        return self.render(self.common["named"], {"name": name, "value": value}) if value else name

    def word(self, key: str, table: str) -> str:
        """Return a word of a table of the file."""
        return self._tables[table][key]


@cache
def languages() -> tuple[str, ...]:
    """Return the tags of all languages that have a file."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def _words(tag: str) -> Words:
    return Words(tag, msgspec.convert(tomllib.loads((_FOLDER / f"{tag}.toml").read_text("utf-8")), _File))


def words_in(wanted: str, fallback: str) -> Words:
    """Return the words of a BCP 47 tag: the language itself, a wider one (`fr` for `fr-CA`), else the fallback."""
    parts = wanted.split("-")
    wider = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return _words(next((tag for tag in wider if tag in languages()), fallback))
