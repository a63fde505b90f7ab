"""A pseudo-language: English with other letters, 40 % longer and in brackets (CLDR calls it en-XA).

A screen in it shows texts that are not among the messages, because they have ordinary letters, and
texts that have too little room. It is written from the folder of English into a copy of the
repository.
"""

import json
import os
import re
import shutil
import string
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from virage.platform.values import languages
from virage.platform.values.formats import formats_of

TAG = "en-XA"
FORMATS = "el-GR"
"""Dates and numbers are Greek: their letters are not those of English either."""
LETTERS = dict(
    zip(
        string.ascii_letters,
        "áđçðéƒĝĥíĵķļœñóþǫřšţúŷŵŝýžÁĐÇÐÉŦĜĤÍĴĶĻŒÑÓÞǪŘŠŢÚŶŴŜÝŽ",
        strict=True,
    )
)
"""All are in the typeface of the screens and of paper, of similar widths."""
VOWELS = frozenset("aeiouy")
KEPT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[^{}]*\}")
"""Parts of a text that are not translated: expressions and blocks of templates, and placeholders."""
TEXT = re.compile(r'"([^"\n]*)"')
"""A text of a TOML file."""
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def pseudo(text: str) -> str:
    """Return a text in the pseudo-language; a text without letters outside its placeholders is returned unchanged."""
    written, at = "", 0
    for kept in [*KEPT.finditer(text), None]:
        written += longer(text[at : kept.start() if kept else None])
        if kept:
            written, at = written + kept[0], kept.end()
    return text if written == text else f"[{written}]"


def longer(text: str) -> str:
    """Return a text in the letters of the pseudo-language, without brackets."""
    return "".join(LETTERS.get(letter, letter) * (2 if letter in VOWELS else 1) for letter in text)


def write(messages: Path) -> None:
    """Write the folder of the pseudo-language beside the one of English."""
    english, folder = messages / "en", messages / TAG
    (folder / "web").mkdir(parents=True)
    language = {"name": pseudo("Pseudo-English"), "formats": FORMATS}
    (folder / "language.json").write_text(json.dumps(language), "utf-8")
    for path in english.glob("*.toml"):
        texts = TEXT.sub(lambda text: f'"{pseudo(text[1])}"', path.read_text("utf-8"))
        (folder / path.name).write_text(texts, "utf-8")
    shutil.copy(HERE / "pseudo.ts", folder)
    (folder / "letters.json").write_text(json.dumps(LETTERS), "utf-8")
    for path in (english / "web").glob("*.ts"):
        constants = re.findall(r"^export const (\w+|\{[^}]*\})", path.read_text("utf-8"), re.MULTILINE)
        names = [name for constant in constants for name in re.findall(r"\w+", constant)]
        lines = [f'import * as english from "../../en/web/{path.stem}";', 'import { pseudo } from "../pseudo";']
        lines += [f"export const {name} = pseudo(english.{name});" for name in names]
        (folder / "web" / path.name).write_text("\n".join([*lines, ""]), "utf-8")


def _built_files(folder: str, _names: list[str]) -> set[str]:
    return {"__pycache__", "node_modules"} | ({"web"} if Path(folder) == ROOT / "src/virage" else set())


def built(copy: Path) -> Path:
    """Build the web of a copy of the repository that has the pseudo-language; return its folder of Python packages."""
    shutil.copytree(ROOT / "src/virage", copy / "src/virage", ignore=_built_files)
    shutil.copytree(ROOT / "web", copy / "web", ignore=_built_files)
    (copy / "web/node_modules").symlink_to(ROOT / "web/node_modules")
    write(copy / "src/virage/messages")
    node = shutil.which("node")
    assert node is not None
    subprocess.run(  # noqa: S603 - our own build
        [node, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"],
        cwd=copy / "web",
        env=os.environ | {"NODE_ENV": "production"},
        check=True,
    )
    return copy / "src"


@contextmanager
def installed_from(messages: Path) -> Iterator[None]:
    """The languages of a folder are installed in this process."""

    def forget() -> None:
        for cached in (languages.installed, languages._read, formats_of):  # noqa: SLF001 - no program changes its languages
            cached.cache_clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "FOLDER", messages)
        forget()
        yield
    forget()


def untranslated(text: str, *data: str) -> list[str]:
    """Return the words of a text that are neither messages nor in these data."""
    for part in sorted(data, key=len, reverse=True):
        text = text.replace(part, " ")
    return re.findall(r"[A-Za-z]+", text)
