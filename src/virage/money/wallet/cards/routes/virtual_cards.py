"""The doors of phones that pay: their owners' keys, and the way of a proof from a phone to its till."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.wallet.cards.acts import virtual_cards as acts
from virage.money.wallet.cards.reads import virtual_cards as reads
from virage.money.wallet.cards.reads.virtual_cards import MyPhone, ProofSent
from virage.money.wallet.cards.routes.labels import label_of
from virage.money.wallet.cards.rules.virtual_cards import Challenge, Proof, Reason
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import Jwk
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, device_at, fresh, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, mount, post, put


class PhoneWish(Struct, frozen=True, forbid_unknown_fields=True):
    """The key that this phone made and keeps. It makes `id` too: sent twice, it is one key."""

    id: UUID
    public_key: Jwk
    label: Annotated[str, Meta(max_length=200)] | None = None


class ProofWish(Struct, frozen=True, forbid_unknown_fields=True):
    """What a till asked for, and what the phone signed."""

    challenge: Challenge
    proof: Proof


class TillProof(Struct, frozen=True):
    """The proof that a phone sent for a record; null as long as there is none."""

    proof: str | None


@put("/virtual-card", guards=[signed_in])
async def register_my_phone(data: PhoneWish, db: Database, clock: Clock, principal: Principal) -> MyPhone:
    """Let this phone pay from my wallet. Asks for a sign-in of the last 15 minutes."""
    owner_id = require_fan(principal)
    fresh(principal, clock.now())
    phone = acts.NewPhone(data.id, data.public_key, label_of(data.label, "A phone's name"))
    return reads.my_phone(granted(await db.transact(acts.register, owner_id, phone, clock.now())))


@get("/virtual-card", guards=[signed_in])
async def list_my_phones(db: Database, principal: Principal) -> list[MyPhone]:
    """My phones that pay."""
    async with db.connection() as conn:
        return await reads.phones_of(conn, require_fan(principal))


@delete("/virtual-card/{key_id:uuid}", status_code=204, guards=[signed_in])
async def block_my_phone(key_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Let a phone of mine pay no longer, at once and for ever: to pay again it makes another key."""
    granted(await db.transact(acts.block, require_fan(principal), key_id, clock.now()))


@post("/proofs", status_code=200, guards=[signed_in])
async def send_proof(data: ProofWish, db: Database, clock: Clock, principal: Principal) -> ProofSent:
    """Send what my phone signed to the till that asked for it. Sent again, it is the same."""
    owner_id = require_fan(principal)

    async def send(conn: Connection) -> ProofSent | Refused | None:
        sent = await acts.send(conn, owner_id, data.challenge, data.proof, clock.now())
        return sent if isinstance(sent, Refused) else await reads.proof_sent(conn, owner_id, data.challenge.id)

    return _found(granted(await db.transact(send)))


@get("/proofs/{record_id:uuid}", guards=[signed_in])
async def get_proof(record_id: UUID, db: Database, principal: Principal) -> ProofSent:
    """Whether the till has booked what I signed."""
    async with db.connection() as conn:
        return _found(await reads.proof_sent(conn, require_fan(principal), record_id))


@get("/proofs/{record_id:uuid}", guards=[device_at("till")], rate="gate")
async def fetch_proof(record_id: UUID, db: Database, principal: Principal) -> TillProof:
    """The proof of a phone for a record of this till, the latest that was sent."""
    async with db.connection() as conn:
        return TillProof(await reads.proof_for(conn, record_id, principal.id or UUID(int=0)))


def _found(sent: ProofSent | None) -> ProofSent:
    if sent is None:
        raise Problem(Reason.NOT_FOUND)
    return sent


mine_router = mount("/api/me", [register_my_phone, list_my_phones, block_my_phone])
router = mount("/api/wallet", [send_proof, get_proof])
till_router = mount("/api/till", [fetch_proof])
