from virage.demo.venues.drawing import venue
from virage.site.venue.rules.drawing import plan_svg
from virage.site.venue.rules.routing import RouteOptions, entrance, route_table


def test_the_plan_on_paper_names_the_gate_without_the_prefix_of_its_venue() -> None:
    arena = venue("arena")
    group = arena.label(0).gate_group
    gates = [f"gate:{gate.code}" for gate in arena.gates if gate.group == group]
    found = entrance(route_table(arena, RouteOptions()), 0, gates)
    assert found is not None
    assert found.gate.startswith("gate:arena.")
    drawn = plan_svg(arena, arena.blocks[0].code, found, "#14387f")
    assert f">{found.gate.removeprefix('gate:arena.')}</text>" in drawn
    assert "arena." not in drawn
