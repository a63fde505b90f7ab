"""A small venue file: two blocks, a standing area, two gates and the walkways between them."""

from datetime import date
from typing import Any, Final

TODAY: Final = date(2026, 12, 1)
"""The day on which files are checked."""


def small_document(code: str = "arena", time_zone: str = "America/New_York") -> dict[str, Any]:
    """An arena with 8 seats, one of them a wheelchair space, and 100 standing places; a new copy each time."""
    return {
        "format": "virage-venue/1",
        "code": code,
        "name": "Arena",
        "time_zone": time_zone,
        "pitch": {"length_m": 40.0, "width_m": 20.0},
        "stands": [{"code": "N", "name": "North", "colour": "#1f3f8f"}],
        "blocks": [
            {
                "code": "101",
                "stand": "N",
                "gate_group": "A",
                "frame": {"x_m": 0.0, "y_m": 10.0, "facing_deg": 90.0},
                "rows": [
                    {
                        "name": "1",
                        "height_m": 1.0,
                        "segments": [{"count": 3, "d_m": 5.0, "t_m": -0.5, "pitch_m": 0.5}],
                    },
                    {
                        "name": "2",
                        "height_m": 1.4,
                        "segments": [
                            {
                                "count": 3,
                                "d_m": 5.8,
                                "t_m": -0.5,
                                "pitch_m": 0.5,
                                "first": 11,
                                "features": {"wheelchair": [0], "companion": [1]},
                            }
                        ],
                    },
                ],
            },
            {
                "code": "102",
                "stand": "N",
                "gate_group": "B",
                "kind": "hospitality",
                "rows": [{"name": "A", "segments": [{"points_m": [15.0, 15.0, 15.5, 15.2], "numbers": ["1a", "7"]}]}],
            },
        ],
        "areas": [
            {
                "code": "FLOOR",
                "name": {"en": "Standing floor"},
                "capacity_max": 100,
                "outline_m": [-20.0, -10.0, 20.0, -10.0, 20.0, 10.0, -20.0, 10.0],
                "gate_groups": ["B"],
            }
        ],
        "gates": [
            {"code": "A1", "group": "A", "stand": "N", "x_m": 0.0, "y_m": 30.0},
            {"code": "B1", "group": "B", "stand": "N", "x_m": 20.0, "y_m": 30.0},
        ],
        "outlets": [{"code": "01", "stand": "N", "x_m": 5.0, "y_m": 25.0}],
        "amenities": [{"code": "lift-1", "kind": "lift", "stand": "N", "x_m": 2.0, "y_m": 26.0}],
        "ramps": [{"code": "R1", "search_lanes": 4, "search_rate_h": [230, 600]}],
        "walkways": {
            "floors": [{"code": "street", "outside": True}, {"code": "hall", "name": {"en": "Hall"}}],
            "nodes": [
                {"id": "ramp:R1", "floor": "street", "x_m": 10.0, "y_m": 60.0},
                {"id": "gate:A1", "floor": "street", "x_m": 0.0, "y_m": 30.0},
                {"id": "gate:B1", "floor": "street", "x_m": 20.0, "y_m": 30.0},
                {"id": "n1", "floor": "hall", "x_m": 10.0, "y_m": 25.0},
                {"id": "outlet:01", "floor": "hall", "x_m": 5.0, "y_m": 25.0},
                {"id": "block:101", "floor": "hall", "x_m": 0.0, "y_m": 16.0, "height_m": 1.4},
                {"id": "block:102", "floor": "hall", "x_m": 15.0, "y_m": 17.0},
                {"id": "area:FLOOR", "floor": "hall", "x_m": 0.0, "y_m": 9.0},
            ],
            "edges": [
                {"a": "ramp:R1", "b": "gate:A1"},
                {"a": "ramp:R1", "b": "gate:B1"},
                {"a": "gate:A1", "b": "n1", "width_m": 3.0},
                {"a": "gate:B1", "b": "n1"},
                {"a": "n1", "b": "outlet:01"},
                {"a": "n1", "b": "block:101"},
                {"a": "n1", "b": "block:102"},
                {"a": "n1", "b": "area:FLOOR", "kind": "ramp"},
            ],
        },
        "safety": {
            "authorised_capacity": 100,
            "p_factor": 0.9,
            "exits": [{"code": "X1", "x_m": 0.0, "y_m": 40.0, "clear_width_m": 2.4, "zone": "bowl"}],
            "zones": [{"code": "bowl", "area_m2": 300.0}, {"code": "north", "area_m2": 100.0, "within": "bowl"}],
            "evacuation_lifts": ["lift-1"],
        },
        "hospitality": {"boxes": [{"code": "B102", "block": "102"}], "doors": [{"code": "D1", "x_m": 1, "y_m": 2}]},
    }


def evacuation_plan() -> dict[str, Any]:
    """The approved evacuation plan of the arena; a new copy each time."""
    return {
        "reference": "EP-7",
        "approved_by": "Prefecture",
        "approved_on": "2026-12-01",
        "help_number": "+33140506070",
        "ways": [
            {"place": "101", "exits": ["A"]},
            {"place": "102", "exits": ["A", "B"]},
            {"place": "FLOOR", "exits": ["B", "A"]},
        ],
    }


def seating_plan() -> dict[str, Any]:
    """A hall as a seating plan of pretix: two zones, 3 rows of 6 seats each, an aisle in the middle of each row."""
    return {
        "name": "Hall",
        "categories": [{"name": "Stalls", "color": "#ff0000"}],
        "zones": [
            {
                "name": name,
                "position": {"x": 0, "y": 200 * zone},
                "rows": [
                    {
                        "row_number": str(row),
                        "position": {"x": 10, "y": 20 * row},
                        "seats": [
                            {
                                "seat_guid": f"{name}-{row}-{seat}",
                                "seat_number": str(seat),
                                "position": {"x": 20 * seat + (40 if seat > 3 else 0), "y": 0},
                                "category": "Stalls",
                            }
                            for seat in range(1, 7)
                        ],
                    }
                    for row in range(1, 4)
                ],
                "areas": [{"width": 10, "height": 10, "position": {"x": 0, "y": 0}}],
            }
            for zone, name in enumerate(["Parterre", "Balcony"])
        ],
        "size": {"width": 600, "height": 600},
    }
