"""Journal facts that revoke rights of open connections."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

ENDS_RIGHTS: Final = frozenset(
    {
        "grant_revoked",
        "signed_out",
        "signed_out_everywhere",
        "person_erased",
        "token_revoked",
        "device_changed",
        "device_revoked",
    }
)


def revoked_principal(what: str, about: UUID, data: Mapping[str, Any]) -> UUID | None:
    """Return the person, API client or device whose rights a fact ends, None for any other fact."""
    if what not in ENDS_RIGHTS:
        return None
    return UUID(str(data["person"])) if what == "grant_revoked" else about
