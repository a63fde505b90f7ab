"""Push to a crowd: slow or unreachable services do not delay the others."""

import aiohttp
import pytest
from msgspec.structs import replace

from tests.identity.people.test_push import HELLO, HOUR, Phone, Service, System, service, system
from virage.identity.people import jobs
from virage.identity.people.jobs import PushDelayed

__all__ = ["service", "system"]


async def test_notifications_are_sent_in_batches_and_only_failures_are_retried(
    system: System, service: Service
) -> None:
    persons = [await system.signed_in() for _ in range(3)]
    for person_id, session_id, _ in persons:
        await system.subscribes(Phone(), session_id, f"{service.endpoint}/{person_id}")
    message = replace(HELLO, person_ids=[person.person_id for person in persons], expires_at=system.clock.now() + HOUR)
    (due,) = await system.tells_all(message)
    assert len(due.subscription_ids) == 3
    service.statuses = {str(persons[1].person_id): 503, str(persons[2].person_id): 410}
    await system.sends(due)
    assert (len(service.got), await system.left()) == (3, 2)
    (again,) = await system.jobs()
    assert (len(again.subscription_ids), again.topic) == (1, due.topic)
    with pytest.raises(PushDelayed):
        await system.sends(again)
    service.statuses = {}
    await system.sends(again)
    assert len(service.got) == 5


async def test_unresponsive_push_services_delay_no_other_notifications(
    system: System, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PUSH_CONNECTIONS", 2)
    monkeypatch.setattr(jobs, "PUSH_TIMEOUT", aiohttp.ClientTimeout(total=1, connect=0.5))
    persons = [await system.signed_in() for _ in range(5)]
    for person_id, session_id, _ in persons:
        await system.subscribes(Phone(), session_id, f"{service.endpoint}/{person_id}")
    message = replace(HELLO, person_ids=[person.person_id for person in persons], expires_at=system.clock.now() + HOUR)
    (due,) = await system.tells_all(message)
    service.slow = {str(person.person_id) for person in persons[:2]}
    await system.sends(due)
    (again,) = await system.jobs()
    assert (len(service.got), len(again.subscription_ids)) == (5, 2)
