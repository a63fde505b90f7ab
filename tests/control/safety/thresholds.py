"""A threshold for tests in whole systems, whose times are real seconds."""

from datetime import UTC, datetime
from uuid import UUID

from virage.control.safety.acts.alerts import set_thresholds
from virage.control.safety.rules.alerts import AlertMeasure, Threshold, ThresholdSet, ThresholdUpdate
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.platform.data.database import Connection
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id


async def watch_for_full_zone(
    conn: Connection, event_id: UUID, zone: str, *, secret: str, escalate_after_s: int
) -> None:
    """Set one threshold for an event: a zone is full. It is raised and cleared after a second."""
    threshold = Threshold(
        id=new_id(),
        measure=AlertMeasure.OCCUPANCY,
        place=zone,
        raise_at=100,
        clear_at=90,
        raise_after_s=1,
        clear_after_s=1,
        priority=1,
        escalate_after_s=escalate_after_s,
    )
    done = await set_thresholds(
        conn,
        event_id,
        ThresholdUpdate(id=new_id(), number=0, thresholds=[threshold]),
        zones=[zone],
        lanes=[],
        vault=KeyVault(derive(secret, PURPOSE)),
        who=new_id(),
        now=datetime.now(UTC),
    )
    assert isinstance(done, ThresholdSet)
