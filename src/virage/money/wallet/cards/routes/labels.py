"""What fans call their cards and phones."""

from virage.identity.people.types import normalise_name
from virage.platform.values.refusals import invalid_input
from virage.platform.web.problems import granted


def label_of(written: str | None, what: str) -> str | None:
    """Return a label to store. Raises `invalid_input` for one with invisible characters."""
    try:
        return normalise_name(written)
    except ValueError:
        return granted(invalid_input("label", f"{what} has at most 100 printable characters."))
