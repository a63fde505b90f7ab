"""The texts of emails: one TOML file per language, named by its BCP 47 tag."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from babel import Locale as Formats
from babel.dates import format_date, format_time
from babel.numbers import format_percent
from minijinja import Environment
from msgspec import Struct

from virage.platform.values.money import Cents, Currency
from virage.platform.values.zones import zone_city
from virage.site.programme.types import Text

if TYPE_CHECKING:  # a process that only renders loads no venue
    from virage.site.venue.types import PlaceLabel

_FOLDER: Final = Path(__file__).parent


class EmailTemplates(Struct, frozen=True, forbid_unknown_fields=True):
    """The templates of one kind of email. A template that renders to an empty text is left out."""

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
    """The file of one language."""

    formats: str
    common: dict[str, str]
    receipt: dict[str, str]
    tariffs: dict[str, str]
    roles: dict[str, str]
    kinds: dict[str, EmailTemplates]


class EmailTexts:
    """The templates of one language, and its formats of dates, times and amounts."""

    def __init__(self, tag: str, file: _File, currency: Currency) -> None:
        self.tag = tag
        self.common = file.common
        self.receipt = file.receipt
        self.kinds = file.kinds
        self._tables = {"tariffs": file.tariffs, "roles": file.roles}
        self._currency = currency
        self._formats = Formats.parse(file.formats, sep="-")
        self._templates = Environment(undefined_behavior="strict")
        for name in ("localised", "money", "moment", "hour", "place", "term"):
            self._templates.add_filter(name, getattr(self, name))

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Render a template as plain text on one line."""
        return " ".join(self._templates.render_str(template, **values).splitlines()).strip()

    def localised(self, text: Text) -> str:
        """Return a localised text in this language, or in any language it has."""
        written: dict[str, str] = msgspec.to_builtins(text)
        return written.get(self.tag) or next(filter(None, written.values()), "")

    def money(self, cents: Cents) -> str:
        """Return an amount as text."""
        return self._currency.format(cents, self._formats)

    def percent(self, permille: int) -> str:
        """Return a rate in permille as a percentage."""
        return format_percent(Decimal(permille) / 1000, locale=self._formats, decimal_quantization=False)

    def day(self, at: datetime) -> str:
        """Return a date with its weekday; `at` is in the time zone to show."""
        return format_date(at, "full", locale=self._formats)

    def hour(self, at: datetime, zone: str = "") -> str:
        """Return a time of day; `zone` is the IANA name of the zone whose city is stated, empty for none."""
        hour = format_time(at, "short", locale=self._formats)
        return f"{hour} ({zone_city(zone, str(self._formats))})" if zone else hour

    def moment(self, at: datetime, zone: str = "") -> str:
        """Return a date and a time of day, with the city of a zone as in `hour`."""
        return self.render(self.common["moment"], {"day": self.day(at), "hour": self.hour(at, zone)})

    def place(self, label: "PlaceLabel") -> str:
        """Return the name of a seat or a standing area."""
        if label.area is None:
            return self.render(self.common["seat"], msgspec.to_builtins(label))
        names = label.area_name or {}
        name = names.get(self.tag) or next(iter(names.values()), label.area)
        return self.render(self.common["area"], {"name": name})

    def named(self, name: str, value: str) -> str:
        """Return a name and its value on one line, or the name alone."""
        return self.render(self.common["named"], {"name": name, "value": value}) if value else name

    def term(self, key: str, table: str) -> str:
        """Return the text of a tariff or role; `table` is "tariffs" or "roles"."""
        return self._tables[table][key]


@cache
def languages() -> tuple[str, ...]:
    """Return the tags of all languages that have a file."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def _texts(tag: str, currency: Currency) -> EmailTexts:
    file = msgspec.convert(tomllib.loads((_FOLDER / f"{tag}.toml").read_text("utf-8")), _File)
    return EmailTexts(tag, file, currency)


def texts_for(wanted: str, fallback: str, currency: Currency) -> EmailTexts:
    """Return the texts of a BCP 47 tag: the language itself, a wider one (`fr` for `fr-CA`), else the fallback."""
    parts = wanted.split("-")
    wider = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return _texts(next((tag for tag in wider if tag in languages()), fallback), currency)
