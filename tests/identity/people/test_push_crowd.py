"""A crowd is told by push: who is slow, or away, is no matter for the others."""

import aiohttp
import pytest
from msgspec.structs import replace

from tests.identity.people.test_push import HELLO, HOUR, House, Phone, Service, house, service
from virage.identity.people import jobs
from virage.identity.people.jobs import PushDelayed

__all__ = ["house", "service"]


async def test_notifications_are_sent_in_batches_and_only_failures_are_retried(house: House, service: Service) -> None:
    persons = [await house.signed_in() for _ in range(3)]
    for person_id, session_id, _ in persons:
        await house.subscribes(Phone(), session_id, f"{service.endpoint}/{person_id}")
    message = replace(HELLO, person_ids=[person.person_id for person in persons], expires_at=house.clock.now() + HOUR)
    (due,) = await house.tells_all(message)
    assert len(due.subscription_ids) == 3
    service.statuses = {str(persons[1].person_id): 503, str(persons[2].person_id): 410}
    await house.sends(due)
    assert (len(service.got), await house.left()) == (3, 2)
    (again,) = await house.jobs()
    assert (len(again.subscription_ids), again.topic) == (1, due.topic)
    with pytest.raises(PushDelayed):
        await house.sends(again)
    service.statuses = {}
    await house.sends(again)
    assert len(service.got) == 5


async def test_unresponsive_push_services_delay_no_other_notifications(
    house: House, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PUSH_CONNECTIONS", 2)
    monkeypatch.setattr(jobs, "PUSH_TIMEOUT", aiohttp.ClientTimeout(total=1, connect=0.5))
    persons = [await house.signed_in() for _ in range(5)]
    for person_id, session_id, _ in persons:
        await house.subscribes(Phone(), session_id, f"{service.endpoint}/{person_id}")
    message = replace(HELLO, person_ids=[person.person_id for person in persons], expires_at=house.clock.now() + HOUR)
    (due,) = await house.tells_all(message)
    service.slow = {str(person.person_id) for person in persons[:2]}
    await house.sends(due)
    (again,) = await house.jobs()
    assert (len(service.got), len(again.subscription_ids)) == (5, 2)
