"""Routes of evacuation instructions."""

from uuid import UUID

from virage.control.safety.acts import instructions as acts
from virage.control.safety.reads import instructions as reads
from virage.control.safety.reads.clearing import Clearing
from virage.control.safety.reads.pictures import venue_and_safety
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.instructions import Instructions, NewInstructions, SentInstructions
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import get, post


@get("/events/{event_id:uuid}/instructions", guards=[staff(ROLE)])
async def get_instructions(
    event_id: UUID, *, db: Database, clearing: Clearing, principal: Principal, closed: str = ""
) -> Instructions:
    """Return the instructions by block; `closed` are codes of exits (groups of gates) with commas.

    Refusals: `place_unknown` with the codes that are no exits.
    """
    event = await event_of(db, event_id, principal)
    return granted(await reads.instructions(db, clearing, event, {code for code in closed.split(",") if code}))


@post("/events/{event_id:uuid}/instructions", status_code=200, guards=[staff(ROLE)])
async def send_instructions(
    event_id: UUID, data: NewInstructions, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> SentInstructions:
    """Send messages to all groups of blocks and to the stewards. A repeated request sends once.

    Refusals: `place_unknown`, `instructions_incomplete`, `instructions_replaced`, `broadcast_id_taken`.
    """
    who = require_fan(principal)
    event = await event_of(db, event_id, principal)
    venue, safety = await venue_and_safety(db, event.venue_version)
    plan = "" if safety.evacuation_plan is None else safety.evacuation_plan.reference
    asked = db.transact(acts.instruct, venue, event_id, data, plan=plan, vault=vault, who=who, now=clock.now())
    return granted(await asked)
