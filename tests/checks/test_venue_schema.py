"""The check of the venue file's documentation sees an old schema and a wrong example."""

import msgspec

from checks.venue_schema import PAGE, PUBLISHED, faults


def test_the_published_schema_and_the_example_are_current() -> None:
    assert faults(PAGE.read_text(encoding="utf-8"), PUBLISHED.read_bytes()) == []


def test_another_schema_a_page_without_example_and_a_wrong_example_are_faults() -> None:
    schema = msgspec.json.decode(PUBLISHED.read_bytes())
    old = msgspec.json.encode(schema | {"$schema": "of yesterday"})
    page = PAGE.read_text(encoding="utf-8")
    assert [fault.partition(" ")[0] for fault in faults("", old)] == [str(PUBLISHED), str(PAGE)]
    [wrong] = faults(page.replace('"gate_groups": ["A"]', '"gate_groups": ["Z"]'), PUBLISHED.read_bytes())
    assert wrong.endswith("areas[0].gate_groups[0] group_without_gate Z")
