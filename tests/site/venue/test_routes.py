import gzip
from datetime import UTC, datetime
from uuid import UUID

import httpx
import msgspec
import numpy as np

from virage.demo.venues.drawing import stadium
from virage.platform.data.database import Database
from virage.site.venue import acts, reads
from virage.site.venue.rules.geometry import BlockLabels, Geometry
from virage.site.venue.rules.venue import Feature

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
STEWARD = UUID("01970000-0000-7000-8000-000000000001")
FOR_EVER = "public, max-age=31536000, immutable"


async def geometry_address(client: httpx.AsyncClient) -> str:
    answer = await client.get("/api/venue")
    assert answer.status_code == 200
    return f"/api/venue/{answer.json()['version']}/geometry"


async def test_the_venue_summary_has_its_version_and_notice(client: httpx.AsyncClient) -> None:
    venue = (await client.get("/api/venue")).json()
    assert venue["version"] == stadium().version
    assert venue["seats"] == 59_186
    assert venue["places"] == 77_186
    assert "approximated" in venue["notice"]["en"]
    assert "approché" in venue["notice"]["fr"]


async def test_the_geometry_is_small_and_cached_for_ever(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", await geometry_address(client), headers={"accept-encoding": "gzip, br"}) as answer:
        sent = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert len(sent) <= 50_000
    document = msgspec.json.decode(gzip.decompress(sent), type=Geometry)
    assert sum(block.seat_count for block in document.blocks) == document.seats == 59_186


async def test_the_geometry_is_sent_plain_to_clients_without_gzip(client: httpx.AsyncClient) -> None:
    answer = await client.get(await geometry_address(client), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert msgspec.json.decode(answer.content, type=Geometry).version == stadium().version


async def test_the_labels_of_a_block_are_cached_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/api/venue/{stadium().version}/labels/203")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_EVER
    assert msgspec.json.decode(answer.content, type=BlockLabels).block == "203"


async def test_another_version_and_an_unknown_block_are_not_found(client: httpx.AsyncClient) -> None:
    version = stadium().version
    for path in ("/api/venue/0/geometry", "/api/venue/0/labels/203", f"/api/venue/{version}/labels/999"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "not_found"
        assert "cache-control" not in answer.headers or answer.headers["cache-control"] != FOR_EVER


async def test_the_openapi_document_describes_the_geometry(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    answer = document["paths"]["/api/venue/{version}/geometry"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/Geometry")


def a_wheelchair_space_upstairs() -> int:
    venue = stadium()
    spaces = np.flatnonzero(venue.features & Feature.WHEELCHAIR)
    return int(next(place for place in spaces if venue.blocks[venue.block[place]].ring == 3))


async def test_a_route_leads_from_a_ramp_through_a_gate_to_the_seat(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/venue/route", params={"place": 12_345})).json()
    assert found["ramp"].startswith("ramp:")
    assert found["gate"].startswith(f"gate:{stadium().label(12_345).gate_group}")
    assert found["route"]["legs"][0]["floor"] == "road"
    assert found["route"]["legs"][-1]["to"] == "seat"


async def test_a_lift_that_a_steward_reports_is_avoided_until_it_works_again(
    client: httpx.AsyncClient, db: Database
) -> None:
    asked = {"place": a_wheelchair_space_upstairs(), "step_free": True}

    async def lifts_on_the_way() -> set[str]:
        found = (await client.get("/api/venue/route", params=asked)).json()
        assert found["route"]["step_free"]
        return {leg["to"] for leg in found["route"]["legs"] if leg["kind"] == "lift"}

    (lift,) = await lifts_on_the_way()
    for _ in range(2):  # reported twice, it is one outage
        async with db.transaction() as conn:
            assert await acts.set_lift(conn, lift, STEWARD, NOW, working=False) is None
    assert lift not in await lifts_on_the_way()
    lifts = {one["code"]: one["out_of_order_since"] for one in (await client.get("/api/venue/lifts")).json()}
    assert [code for code, since in lifts.items() if since] == [lift]
    async with db.transaction() as conn:
        assert await acts.set_lift(conn, lift, STEWARD, NOW, working=True) is None
    assert await lifts_on_the_way() == {lift}
    async with db.connection() as conn:
        facts = await conn.fetch("select what from kernel.journal where what like 'lift%' order by seq")
    assert [fact["what"] for fact in facts] == ["lift_out_of_order", "lift_works_again"]


async def test_an_unknown_lift_is_not_found(db: Database) -> None:
    async with db.transaction() as conn:
        refused = await acts.set_lift(conn, "lift-X-9", STEWARD, NOW, working=False)
    assert refused is not None
    assert refused.reason == "not_found"


async def test_a_place_without_a_route_is_refused_with_no_route(client: httpx.AsyncClient, db: Database) -> None:
    place = a_wheelchair_space_upstairs()
    async with db.transaction() as conn:
        for lift in await reads.lifts(conn):
            assert await acts.set_lift(conn, lift.code, STEWARD, NOW, working=False) is None
    for path in ("/api/venue/route", "/api/venue/nearest"):
        answer = await client.get(path, params={"place": place, "step_free": True, "kind": "exit"})
        assert answer.status_code == 409
        assert answer.json()["code"] == "no_route"


async def test_the_nearest_amenity_of_a_seat_is_found(client: httpx.AsyncClient) -> None:
    for kind in ("outlet", "toilets", "first_aid", "information", "exit"):
        found = (await client.get("/api/venue/nearest", params={"place": 40_000, "kind": kind})).json()
        assert found["seconds"] > 0
        assert found["legs"][0]["to"] == "row"


async def test_an_unknown_place_or_option_is_refused(client: httpx.AsyncClient) -> None:
    for place in (stadium().places, 10**12):
        assert (await client.get("/api/venue/route", params={"place": place})).status_code == 404
    for wrong in ({"place": -1}, {"place": "x"}, {}):
        assert (await client.get("/api/venue/route", params=wrong)).status_code == 400
    assert (await client.get("/api/venue/nearest", params={"place": 1, "kind": "gold"})).status_code == 400
