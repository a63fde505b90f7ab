"""The tills' door."""

from datetime import datetime
from typing import Final

from litestar import Router, post
from msgspec import Struct

from virage.concessions.acts.selling import Answer
from virage.concessions.routes.counter import Counter, TillUpload
from virage.concessions.rules.fiscal.record import BODY_CHARS_MAX, RECORDS_MAX
from virage.kernel.clock import Clock
from virage.kernel.guard import Principal, device_at

ENVELOPE_BYTES: Final = 200
"""What a record needs in an upload besides its body: its signature, and the names of all."""


class Answers(Struct, frozen=True):
    """One answer a record, in order; `now` is the server's clock."""

    now: datetime
    answers: list[Answer]


@post(
    "/records",
    status_code=200,
    guards=[device_at("till")],
    opt={"rate": "gate"},
    request_max_body_size=RECORDS_MAX * (BODY_CHARS_MAX + ENVELOPE_BYTES),
)
async def post_records(data: TillUpload, counter: Counter, clock: Clock, principal: Principal) -> Answers:
    """Take a till's records. Sent again they get their answers again, and have no second effect.

    One record that is asked about may be refused, and its number is then free; records that are told are always booked.
    """
    return Answers(clock.now(), await counter.sell(principal, data.records))


router = Router("/api/till", route_handlers=[post_records])
