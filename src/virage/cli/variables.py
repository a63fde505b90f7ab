"""`virage variables`: the environment variables with defaults and meanings, from the settings' docstrings."""

import ast
import inspect
import textwrap

import msgspec

from virage.app.settings import SETTINGS
from virage.platform.settings.config import Club, Config

_REQUIRED = "(must be set)"


def listing() -> str:
    """Return one paragraph per variable."""
    return "\n\n".join(_paragraph(name, default, about) for name, default, about in variables())


def variables() -> list[tuple[str, str, str]]:
    """Return (name, default, meaning) of each variable, in the order of the configuration."""
    own = [found for found in _fields(Config, "VIRAGE_") if found[0] not in ("VIRAGE_CLUB", "VIRAGE_DOMAINS")]
    domains = [found for kind in SETTINGS for found in _fields(kind, "VIRAGE_")]
    return own + domains + _fields(Club, "VIRAGE_CLUB_")


def _fields(struct: type[msgspec.Struct], prefix: str) -> list[tuple[str, str, str]]:
    about = _docstrings(struct)
    return [
        (f"{prefix}{field.name.upper()}", _default(field), about.get(field.name, ""))
        for field in msgspec.structs.fields(struct)
    ]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return _REQUIRED
    value = field.default
    return "" if value is None or value == () else str(value)


def _docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstring of each field of a Struct, from its source."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - it is the source of a class
    return {
        field.target.id: inspect.cleandoc(str(text.value.value))
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _paragraph(name: str, default: str, about: str) -> str:
    return f"{name}{f'  [{default}]' if default else ''}\n{textwrap.indent(about, '    ')}"
