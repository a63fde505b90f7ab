"""The doors of the devices at the gates."""

from datetime import datetime

from litestar import Router, post
from msgspec import Struct

from virage.access.routes.desk import GateDesk
from virage.access.rules.scans import Answer, Upload
from virage.kernel.clock import Clock
from virage.kernel.guard import Principal, device


class Answers(Struct, frozen=True):
    """One answer a scan, in order; `now` is the server's clock, by which a device corrects its own."""

    now: datetime
    answers: list[Answer]


@post("/scans", status_code=200, guards=[device], opt={"rate": "gate"})
async def post_scans(data: Upload, gate_desk: GateDesk, clock: Clock, principal: Principal) -> Answers:
    """Take scans, signed by the device. Sent again they get their first answers again, and have no second effect."""
    answers = await gate_desk.take(principal, data.scans)
    return Answers(clock.now(), answers)


router = Router("/api/access", route_handlers=[post_scans])
