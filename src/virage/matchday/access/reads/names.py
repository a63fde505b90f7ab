"""Names of the devices and people of scans."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people import api as people_api
from virage.platform.data.database import Connection

Line = TypeVar("Line", bound=Struct)


class Names(Struct, frozen=True):
    """Names of devices and people by id; erased people have none. `revoked` are revoked devices."""

    devices: dict[UUID, str]
    people: dict[UUID, str | None]
    revoked: frozenset[UUID]

    def named(self, line: Line) -> Line:
        """Return a line with `device_id` and `person_id`, with the names of both."""
        row: Any = line
        device, person = self.devices.get(row.device_id), self.person(row.person_id)
        return replace(line, device_name=device, person_name=person)

    def person(self, person_id: UUID | None) -> str | None:
        """Return the name of a person, None without person_id."""
        return None if person_id is None else self.people.get(person_id)


async def names_of(conn: Connection, lines: Iterable[Any], more: Iterable[UUID | None] = ()) -> Names:
    """Return the names of lines with `device_id` and `person_id`, and of more people: two queries."""
    ids = [(line.device_id, line.person_id) for line in lines]
    devices = await people_api.devices(conn, list({device_id for device_id, _ in ids}))
    wanted = {person_id for person_id in (*(person_id for _, person_id in ids), *more) if person_id is not None}
    persons = await people_api.persons_by_id(conn, list(wanted))
    return Names(
        {device.id: device.name for device in devices.values()},
        {person.id: person.name for person in persons.values()},
        frozenset(device.id for device in devices.values() if device.revoked_at is not None),
    )
