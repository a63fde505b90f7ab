"""Cacheable parts of a feed have exactly one address."""

import pytest

from tests.media.live.conftest import KICK_OFF, Match


@pytest.mark.parametrize("page", ["", "/pages/1"])
async def test_a_feed_and_its_pages_have_one_address_only(match: Match, page: str) -> None:
    await match.tell(KICK_OFF)
    event = match.world.event
    assert (await match.world.ask({}, "GET", f"/api/live/{event}{page}")).status_code == 200
    spellings = [str(event).upper(), event.hex, f"urn:uuid:{event}", f"{{{event}}}"]
    others = [f"/api/live/{one}{page}" for one in spellings]
    if page:
        others += [f"/api/live/{event}/pages/{number}" for number in ("001", "+1", "1_0", " 1", "%31 ")]
    assert str(event).upper() != str(event), "the id has a letter"
    for other in others:
        answer = await match.world.ask({}, "GET", other)
        assert answer.status_code in (400, 404), other
        assert "immutable" not in answer.headers.get("cache-control", ""), other
