"""Words of the tables that differ from those of the program.

The application fee was first called the operator's share. Databases that follow main have stored that word in kinds
and keys, and in the column `share_cents`; a rename of what is stored takes two releases (docs/migrations.md).
"""

from typing import Final

from virage.money.payments.types import EntryKind
from virage.money.settlement.rules.items import ItemKind

_STORED: Final[dict[str, str]] = {
    EntryKind.APPLICATION_FEE: "share",
    EntryKind.APPLICATION_FEE_RETURNED: "share_returned",
    ItemKind.APPLICATION_FEE_MISSING: "share_missing",
}
_READ: Final = {stored: word for word, stored in _STORED.items()}


def stored(kind: EntryKind | ItemKind) -> str:
    """Return the stored word of a kind."""
    return _STORED.get(kind, kind.value)


def entry_kind(word: str) -> EntryKind:
    """Return the kind of an entry by its stored word."""
    return EntryKind(_READ.get(word, word))


def item_kind(word: str) -> ItemKind:
    """Return the kind of an item by its stored word."""
    return ItemKind(_READ.get(word, word))
