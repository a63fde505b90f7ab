"""Erase a person from teams and requests, in the transaction of the erasure."""

from datetime import datetime
from uuid import UUID

from virage.control.safety.store import requests, teams
from virage.control.safety.store.log import lock_logs_of_person
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused


async def forget_teams_and_requests(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - a PersonErased
    """Take an erased person out of all teams and requests, and delete what the person said in these."""
    await lock_logs_of_person(conn, person_id)
    await teams.remove_member(conn, person_id)
    await requests.forget_requests_of(conn, person_id)
    return None
