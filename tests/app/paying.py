"""A fan whose phone pays, and who has a card."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from msgspec import to_builtins

from tests.identity.passes.make_vectors import Ed25519Phone
from tests.money.wallet.cards.proofs import proof_text
from virage.money.fiscal.rules.record import stamp
from virage.money.wallet.accounts.acts import ensure_wallet
from virage.money.wallet.cards.acts import cards
from virage.money.wallet.cards.rules.cards import Card, CardCodes, NewCard
from virage.money.wallet.cards.rules.virtual_cards import PAY_PURPOSE, Challenge, challenge_bytes
from virage.money.wallet.funding.acts.bonus import give
from virage.money.wallet.funding.rules.bonus import BonusGrant
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import World

PHONE = Ed25519Phone("the phone of the fan in the tests")
FRESH_CHIP = bytes.fromhex("04958CAA5C5E80")


async def phone_of(world: "World", fan: dict[str, str], till_id: str) -> tuple[str, str]:
    """The fan's phone, and the record of a till for which it has sent its signature."""
    key_id, record_id = str(new_id()), str(new_id())
    public = {name: value for name, value in PHONE.jwk().items() if name != "d"}
    registered = await world.ask(fan, "PUT", "/api/me/virtual-card", {"id": key_id, "public_key": public})
    assert registered.status_code == 200, registered.text
    world.ids["wallet_id"] = (await world.ask(fan, "GET", "/api/wallet")).json()["id"]
    async with world.db.transaction() as conn:
        await give(conn, [BonusGrant(new_id(), UUID(world.ids["wallet_id"]), 900, "goodwill")], world.clock.now())
    proof = proof_of(world.clock.now(), till_id, record_id, key_id)
    sent = await world.ask(fan, "POST", "/api/wallet/proofs", proof)
    assert sent.status_code == 200, sent.text
    return key_id, record_id


def proof_of(at: datetime, till_id: str, record_id: str, key_id: str) -> dict[str, Any]:
    """The signature of a phone for a record of a till."""
    challenge = Challenge(stamp(at), 700, UUID(record_id), "01", UUID(till_id))
    signature = PHONE.sign(PAY_PURPOSE + challenge_bytes(challenge))
    return {"challenge": to_builtins(challenge), "proof": proof_text(UUID(key_id), signature)}


def card_codes(secret: str) -> CardCodes:
    secrets = cards.open_card_secrets(Config(secret=secret, demo=True))
    assert secrets is not None
    return secrets.codes


async def card_of(world: "World", email: str, secret: str) -> str:
    """A card linked to the wallet of this person, and a new one at the desk."""
    person_id = await world.person(email)
    uids = (bytes.fromhex("04DE5F1EACC040"), FRESH_CHIP)
    codes = card_codes(secret)
    hashes = [codes.hash(codes.printed(uid)) for uid in uids]
    async with world.db.transaction() as conn:
        wallet_id = (await ensure_wallet(conn, person_id, world.clock.now())).id
        wishes = [
            NewCard(new_id(), uid, code_hash, wallet)
            for uid, code_hash, wallet in zip(uids, hashes, (wallet_id, None), strict=True)
        ]
        mine, _ = await cards.personalise(conn, wishes, who=None, now=world.clock.now())
    assert isinstance(mine, Card)
    return str(mine.id)
