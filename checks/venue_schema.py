"""The published JSON Schema of the venue file is that of the code, and the page's example is a file without defects."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from virage.site.venue.types import json_schema, read

PAGE = Path("docs/venue-file.md")
PUBLISHED = Path("docs/venue-file.schema.json")
EXAMPLE = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def faults(page: str, published: bytes) -> list[str]:
    """Return what is not current: the published schema, or the examples of the page."""
    found = []
    if msgspec.json.decode(published) != msgspec.json.decode(msgspec.json.encode(json_schema())):
        found.append(f"{PUBLISHED} is not current: run `virage venue schema > {PUBLISHED}`")
    examples = EXAMPLE.findall(page)
    if not examples:
        found.append(f"{PAGE} has no example")
    for number, example in enumerate(examples, start=1):
        checked = read(example.encode(), datetime.now(UTC).date())
        found += [f"{PAGE}, example {number}: {defect.place} {defect.code} {defect.value}" for defect in checked.found]
    return found


def main() -> None:
    """Print every fault and fail if there is one."""
    found = faults(PAGE.read_text(encoding="utf-8"), PUBLISHED.read_bytes())
    print("\n".join(found) if found else "the venue file is documented as it is read")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
