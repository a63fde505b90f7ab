"""Write docs/vectors/draw.json: `python -m tests.sale.draws.make_vectors`."""

import json
from pathlib import Path
from typing import Any

import msgspec

from tests.sale.draws.files import Published
from tests.sale.draws.test_verifier import ENTRIES, QUOTAS


def vector(released: int, **options: Any) -> dict[str, Any]:
    """A draw with its files."""
    made = Published(QUOTAS, ENTRIES, released=released, **options)
    files = {name: getattr(made, name).decode() for name in ("entries", "results", "log")}
    entered = [msgspec.to_builtins(entry) for entry in ENTRIES]
    return {"entered": entered, "released": released, "draw": made.draw, "files": files}


def main() -> None:
    """Write the vectors."""
    draws = [vector(2), vector(0, value_name=None, value=None), vector(1, value_name="Tirage d’État", value="É 7")]
    about = "Written by python -m tests.sale.draws.make_vectors; docs/draws.md describes the files."
    text = json.dumps({"about": about, "draws": draws}, indent=1, ensure_ascii=False) + "\n"
    Path("docs/vectors/draw.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
