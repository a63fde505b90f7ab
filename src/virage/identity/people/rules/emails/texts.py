"""The texts of emails: `email.toml` of each language."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from babel.dates import format_date, format_time
from babel.numbers import format_percent
from minijinja import Environment
from msgspec import Struct

from virage.platform.values.formats import formats_of
from virage.platform.values.languages import best, messages
from virage.platform.values.localised import LocalisedText, text_in
from virage.platform.values.money import Cents, Currency
from virage.platform.values.zones import zone_city

if TYPE_CHECKING:  # a process that only renders loads no venue
    from virage.site.venue.types import PlaceLabel


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


class EmailFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of one language."""

    common: dict[str, str]
    receipt: dict[str, str]
    tariffs: dict[str, str]
    needs: dict[str, str]
    roles: dict[str, str]
    kinds: dict[str, EmailTemplates]


class EmailTexts:
    """The templates of one language, and its formats of dates, times and amounts."""

    def __init__(self, tag: str, default: str, currency: Currency) -> None:
        file = messages(tag, "email", EmailFile)
        self.tag = tag
        self._default = default
        self.common = file.common
        self.receipt = file.receipt
        self.kinds = file.kinds
        self._tables = {"tariffs": file.tariffs, "needs": file.needs, "roles": file.roles}
        self._formats = formats_of(tag)
        self._currency = currency
        self._templates = Environment(undefined_behavior="strict")
        for name in ("localised", "money", "moment", "day", "hour", "place", "term"):
            self._templates.add_filter(name, getattr(self, name))

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Render a template as plain text on one line."""
        return " ".join(self._templates.render_str(template, **values).splitlines()).strip()

    def localised(self, text: LocalisedText) -> str:
        """Return a localised text in this language, else in the deployment's default, else in any."""
        return text_in(text, self.tag, self._default)

    def money(self, cents: Cents) -> str:
        """Return an amount as text."""
        return self._currency.format(cents, self._formats)

    def percent(self, permille: int) -> str:
        """Return a rate in permille as a percentage."""
        return format_percent(Decimal(permille) / 1000, locale=self._formats, decimal_quantization=False)

    def day(self, at: date) -> str:
        """Return a date with its weekday; `at` is in the time zone to show."""
        return format_date(at, "full", locale=self._formats)

    def hour(self, at: datetime, zone: str = "") -> str:
        """Return a time of day; `zone` is the IANA name of the zone whose city is stated, empty for none."""
        hour = format_time(at, "short", locale=self._formats)
        return f"{hour} ({zone_city(zone, self.tag)})" if zone else hour

    def moment(self, at: datetime, zone: str = "") -> str:
        """Return a date and a time of day, with the city of a zone as in `hour`."""
        return self.render(self.common["moment"], {"day": self.day(at), "hour": self.hour(at, zone)})

    def place(self, label: "PlaceLabel") -> str:
        """Return the name of a seat or a standing area."""
        if label.area is None:
            return self.render(self.common["seat"], msgspec.to_builtins(label))
        name = self.localised(label.area_name or {}) or label.area
        return self.render(self.common["area"], {"name": name})

    def named(self, name: str, value: str) -> str:
        """Return a name and its value on one line, or the name alone."""
        return self.render(self.common["named"], {"name": name, "value": value}) if value else name

    def term(self, key: str, table: str) -> str:
        """Return the text of a tariff, a need of access or a role; `table` is "tariffs", "needs" or "roles"."""
        return self._tables[table][key]


@cache
def _texts(tag: str, default: str, currency: Currency) -> EmailTexts:
    return EmailTexts(tag, default, currency)


def texts_for(wanted: str, fallback: str, currency: Currency) -> EmailTexts:
    """Return the texts of a BCP 47 tag: the language itself, a wider one (`fr` for `fr-CA`), else the fallback."""
    return _texts(best(wanted, fallback), fallback, currency)
