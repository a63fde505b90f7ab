"""A role has a scope: every handler behind a role's guard checks it."""

import ast
import inspect
from typing import TYPE_CHECKING

import pytest

from tests.venues import ARENA, arena, install
from virage.identity.people.rules.grants import RoleName
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application
from virage.platform.web.routing import Endpoint

if TYPE_CHECKING:
    from tests.app.conftest import World


def source_of(endpoint: Endpoint) -> str:
    """The source of an endpoint's function, with its decorator."""
    return inspect.getsource(endpoint.handler)


def declared_guards(endpoint: Endpoint) -> list[ast.expr]:
    """The guards that an endpoint names."""
    [function] = ast.parse(source_of(endpoint)).body
    assert isinstance(function, ast.AsyncFunctionDef)
    calls = [decorator for decorator in function.decorator_list if isinstance(decorator, ast.Call)]
    lists = [word.value for call in calls for word in call.keywords if word.arg == "guards"]
    return [guard for found in lists if isinstance(found, ast.List) for guard in found.elts]


def hands_on_principal(source: str) -> bool:
    """Whether a handler passes its principal on, instead of only reading its id."""
    tree = ast.parse(source)
    looked_at = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "principal")
    return any(id(name) not in looked_at for name in names)


def test_a_handler_with_a_role_guard_also_checks_the_scope(app: Application) -> None:
    asked = []
    for endpoint in (one.endpoint for one in app.served):
        if any(guard.__qualname__.startswith("_holder") for guard in endpoint.guards):
            asked.append(endpoint.path)
            guards = [ast.unparse(guard) for guard in declared_guards(endpoint)]
            by_venue = all(guard.startswith("staff_of_venue(") for guard in guards)
            assert by_venue or hands_on_principal(source_of(endpoint)), (
                f"{endpoint.path} checks no scope: call require()"
            )
    assert len(asked) > 90


async def test_an_admin_of_one_outlet_or_gate_has_no_role_for_the_whole_venue(world: "World") -> None:
    places = [Grant("admin", "outlet", "01"), Grant("admin", "gate", "A"), Grant("admin", "organiser", world.theirs)]
    for number, grant in enumerate(places):
        narrow = await world.signed_in(f"narrow{number}@example.org", grant)
        for method, path in (("PUT", "/api/venue/lifts/none"), ("GET", "/api/replay/cameras")):
            assert (await world.ask(narrow, method, path, {"working": False})).status_code == 403, (grant, path)
    here = await world.signed_in("steward@example.org", Grant("steward", "gate", "A"))
    assert (await world.ask(here, "PUT", "/api/venue/lifts/none", {"working": False})).status_code == 404
    desk = await world.signed_in("desk@example.org", Grant("media_desk", "event", world.event))
    assert (await world.ask(desk, "GET", "/api/replay/cameras")).status_code == 200


async def test_a_role_for_one_venue_lists_nothing_of_the_other(
    world: "World", app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(world.db, monkeypatch, arena())
    await world.device("A1")
    await world.till("01")
    there = await world.signed_in("there@example.org", *(Grant(role.value, "venue", ARENA) for role in RoleName))
    everywhere = await world.signed_in("everywhere@example.org", Grant("admin"))
    ours = [str(id_) for id_ in (world.ours, world.theirs, world.event, world.their_event, world.draft)]
    ours += [world.ids["device_id"], "everywhere@example.org"]
    compared = set()
    for endpoint in (one.endpoint for one in app.served):
        by_role = any(guard.__qualname__.startswith("_holder") for guard in endpoint.guards)
        if endpoint.method == "GET" and by_role and "{" not in endpoint.path:
            mine = await world.ask(there, "GET", endpoint.path)
            shown = (await world.ask(everywhere, "GET", endpoint.path)).text
            assert not [id_ for id_ in ours if id_ in mine.text], endpoint.path
            if any(id_ in shown for id_ in ours):
                compared.add(endpoint.path)
    assert compared >= {"/api/office/events", "/api/office/devices", "/api/office/staff"}


async def test_a_steward_of_one_venue_reports_no_lift_of_another(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(world.db, monkeypatch, arena())
    there = await world.signed_in("there@example.org", Grant("steward", "venue", ARENA))
    for code, status in (("lift-N-1", 403), ("arena.lift-N-1", 204), ("arena.none", 404)):
        answer = await world.ask(there, "PUT", f"/api/venue/lifts/{code}", {"working": False})
        assert answer.status_code == status, code
