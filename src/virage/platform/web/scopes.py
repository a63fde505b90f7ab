"""The outlets and organisers that the roles of a principal cover."""

from collections.abc import Sequence
from uuid import UUID

from virage.platform.web.guard import Principal, Role, holds
from virage.platform.web.problems import Problem


def over_the_house(principal: Principal, roles: Sequence[Role]) -> None:
    """Raise `forbidden` unless one of the roles covers the whole venue."""
    if not any(holds(principal, role) for role in roles):
        raise Problem("forbidden", {"role": roles[0]})


def at_outlets(principal: Principal, roles: Sequence[Role], outlets: Sequence[str]) -> None:
    """Raise `forbidden` unless one of the roles covers each of the outlets."""
    for outlet in outlets:
        if not any(holds(principal, role, scope="outlet", scope_id=outlet) for role in roles):
            raise Problem("forbidden", {"role": roles[0]})


def outlets_of(principal: Principal, roles: Sequence[Role]) -> list[str] | None:
    """Return the outlets that the roles cover; None for all."""
    return _scoped(principal, "outlet", roles)


def organisers_of(principal: Principal, roles: Sequence[Role]) -> list[UUID] | None:
    """Return the organisers that the roles cover; None for all."""
    found = _scoped(principal, "organiser", roles)
    return None if found is None else [UUID(organiser_id) for organiser_id in found]


def _scoped(principal: Principal, scope: str, roles: Sequence[Role]) -> list[str] | None:
    if any(holds(principal, role) for role in roles):
        return None
    wanted = {*roles, "admin"}
    found = [
        str(grant.scope_id)
        for grants in (principal.grants, principal.posts)
        for grant in grants
        if grant.role in wanted and grant.scope == scope
    ]
    return list(dict.fromkeys(found))
