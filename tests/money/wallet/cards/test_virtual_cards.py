"""Phones that pay: the keys that sign, how a proof reaches its till, and what is left after a phone
is removed.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from tests.identity.passes.make_vectors import Ed25519Phone
from tests.money.wallet.cards import make_vectors
from tests.money.wallet.cards.proofs import proof_text
from tests.money.wallet.ledger.books import loaded_wallet
from virage.money.wallet.cards.acts import virtual_cards as acts
from virage.money.wallet.cards.reads import virtual_cards as reads
from virage.money.wallet.cards.rules.virtual_cards import (
    KEYS_MAX,
    PAY_PURPOSE,
    Challenge,
    Reason,
    challenge_bytes,
    read_proof,
)
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Wallets

PROOFS = "/api/wallet/proofs"
PHONES = "/api/me/virtual-card"


def test_the_vectors_match_the_rules() -> None:
    assert make_vectors.FILE.read_text(encoding="utf-8") == make_vectors.file_text()


def test_the_vectors_cover_every_reason_of_a_proof() -> None:
    assert make_vectors.reasons() == {reason.value for reason in set(Reason) - make_vectors.AT_REGISTRATION}


def test_a_proof_has_one_text() -> None:
    proof = make_vectors.proof()
    assert read_proof(proof) is not None
    for other in (proof + "=", proof + "A", proof[:-1], proof.swapcase(), ""):
        assert read_proof(other) is None, other


class Owner:
    """A fan with money in the wallet and a phone that pays."""

    def __init__(self, name: str, wallet_id: UUID) -> None:
        self.name = name
        self.wallet_id = wallet_id
        self.phone = Ed25519Phone(name)
        self.key_id = new_id()

    def wish(self, **changes: Any) -> dict[str, Any]:
        jwk = {name: value for name, value in self.phone.jwk().items() if name != "d"}
        return {"id": str(self.key_id), "public_key": jwk} | changes

    def sign(self, challenge: Challenge) -> dict[str, Any]:
        signature = self.phone.sign(PAY_PURPOSE + challenge_bytes(challenge))
        return {"challenge": msgspec.to_builtins(challenge), "proof": proof_text(self.key_id, signature)}


async def an_owner(wallets: "Wallets", name: str = "fan", cents: int = 5_000) -> Owner:
    person_id = wallets.knows(name)
    async with wallets.transaction() as conn:
        owner = Owner(name, await loaded_wallet(conn, cents, person_id))
    answer = await wallets.ask(name, "PUT", PHONES, owner.wish())
    assert answer.status_code == 200, answer.text
    return owner


def a_till(wallets: "Wallets", name: str = "till") -> UUID:
    return wallets.knows(name, "device", Grant("till", "outlet", "01"))


def challenge(wallets: "Wallets", till: UUID, cents: int = 1_500) -> Challenge:
    at = wallets.clock.now().isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    return Challenge(at, cents, new_id(), "01", till)


async def test_a_fan_has_several_phones_and_the_same_key_again_is_the_same_phone(wallets: "Wallets") -> None:
    owner = await an_owner(wallets)
    (first,) = (await wallets.ask("fan", "GET", PHONES)).json()
    assert (await wallets.ask("fan", "PUT", PHONES, owner.wish())).json() == first
    second = {"id": str(new_id()), "public_key": Ed25519Phone("two").jwk(), "label": "  Téléphone  de Léa "}
    assert (await wallets.ask("fan", "PUT", PHONES, second)).json()["label"] == "Téléphone de Léa"
    assert [one["id"] for one in (await wallets.ask("fan", "GET", PHONES)).json()] == [first["id"], second["id"]]
    taken = second | {"id": str(new_id())}
    assert (await wallets.ask("fan", "PUT", PHONES, taken)).json()["code"] == "key_taken"
    assert len(await wallets.facts("phone_registered")) == 2


async def test_weak_and_surplus_keys_and_old_sign_ins_are_refused(
    wallets: "Wallets",
) -> None:
    owner = await an_owner(wallets)
    neutral = {"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    weak = await wallets.ask("fan", "PUT", PHONES, owner.wish(id=str(new_id()), public_key=neutral))
    assert (weak.status_code, weak.json()["code"]) == (422, "unprocessable")
    for number in range(1, KEYS_MAX):
        wish = {"id": str(new_id()), "public_key": Ed25519Phone(f"more {number}").jwk()}
        assert (await wallets.ask("fan", "PUT", PHONES, wish)).status_code == 200
    wish = {"id": str(new_id()), "public_key": Ed25519Phone("one too many").jwk()}
    assert (await wallets.ask("fan", "PUT", PHONES, wish)).json()["code"] == "phones_max"
    wallets.clock.advance(timedelta(minutes=16))
    assert (await wallets.ask("fan", "PUT", PHONES, wish)).json()["code"] == "step_up_required"


async def test_a_proof_reaches_the_till_that_asked_for_it_and_no_other(wallets: "Wallets") -> None:
    owner, till = await an_owner(wallets), a_till(wallets)
    a_till(wallets, "other till")
    asked = challenge(wallets, till)
    path = f"/api/till/proofs/{asked.id}"
    assert (await wallets.ask("till", "GET", path)).json() == {"proof": None}
    signed = owner.sign(asked)
    for _ in range(2):
        answer = await wallets.ask("fan", "POST", PROOFS, signed)
        assert answer.json() == {"record_id": str(asked.id), "state": "waiting"}, answer.text
    assert (await wallets.ask("till", "GET", path)).json() == {"proof": signed["proof"]}
    assert (await wallets.ask("other till", "GET", path)).json() == {"proof": None}
    assert (await wallets.ask("fan", "GET", f"{PROOFS}/{asked.id}")).json()["state"] == "waiting"
    wallets.knows("friend")
    assert (await wallets.ask("friend", "GET", f"{PROOFS}/{asked.id}")).status_code == 404


async def test_a_proof_is_sent_by_its_own_phone_and_only_if_it_pays(wallets: "Wallets") -> None:
    owner, friend, till = await an_owner(wallets), await an_owner(wallets, "friend"), a_till(wallets)
    asked = challenge(wallets, till)
    stolen = await wallets.ask("friend", "POST", PROOFS, owner.sign(asked))
    assert stolen.json()["code"] == "card_unknown"
    other = owner.sign(asked) | {"challenge": msgspec.to_builtins(challenge(wallets, till))}
    assert (await wallets.ask("fan", "POST", PROOFS, other)).json()["code"] == "proof_forged"
    dear = await wallets.ask("friend", "POST", PROOFS, friend.sign(challenge(wallets, till, 5_001)))
    assert (dear.json()["code"], dear.json()["data"]) == ("insufficient_funds", {"available_cents": 5_000})
    wallets.clock.advance(timedelta(minutes=11))
    assert (await wallets.ask("fan", "POST", PROOFS, owner.sign(asked))).json()["code"] == "proof_too_old"
    assert await wallets.rows("select * from wallet_cards.proof") == []


async def test_a_blocked_phone_pays_no_longer_and_only_its_owner_blocks_it(wallets: "Wallets") -> None:
    owner, till = await an_owner(wallets), a_till(wallets)
    wallets.knows("friend")
    path = f"{PHONES}/{owner.key_id}"
    assert (await wallets.ask("friend", "DELETE", path)).status_code == 404
    for _ in range(2):
        assert (await wallets.ask("fan", "DELETE", path)).status_code == 204
    assert (await wallets.ask("fan", "GET", PHONES)).json() == []
    refused = await wallets.ask("fan", "POST", PROOFS, owner.sign(challenge(wallets, till)))
    assert (refused.json()["code"], refused.json()["data"]) == ("card_blocked", {"reason": "owner"})
    assert (await wallets.ask("fan", "PUT", PHONES, owner.wish())).json()["code"] == "key_taken"
    assert len(await wallets.facts("phone_blocked")) == 1


async def test_phones_are_exported_and_erased_with_their_owner(wallets: "Wallets") -> None:
    owner, till = await an_owner(wallets), a_till(wallets)
    assert (await wallets.ask("fan", "POST", PROOFS, owner.sign(challenge(wallets, till)))).status_code == 200
    person_id = (await wallets.rows("select owner_id from wallet_accounts.purse where id = $1", owner.wallet_id))[0][0]
    async with wallets.transaction() as conn:
        (exported,) = await reads.export(conn, person_id)
        assert exported["id"] == owner.key_id
        assert await acts.erased(conn, person_id, wallets.clock.now()) is None
    for table in ("phone_key", "proof"):
        assert await wallets.rows(f"select * from wallet_cards.{table}") == []


@pytest.mark.parametrize("cents", [0, -1, 10**9])
async def test_a_challenge_without_an_amount_is_refused(wallets: "Wallets", cents: int) -> None:
    owner, till = await an_owner(wallets), a_till(wallets)
    asked = challenge(wallets, till)
    wrong = owner.sign(asked) | {"challenge": msgspec.to_builtins(asked) | {"cents": cents}}
    assert (await wallets.ask("fan", "POST", PROOFS, wrong)).status_code == 400
