"""Passkeys with real signatures: what lets a person in, and every way in which it must not."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fido2.cose import ES256, RS256, EdDSA
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import alive
from tests.identity.people.authenticator import PRESENT, Authenticator
from virage.app.building import build
from virage.identity.people import acts
from virage.identity.people.rules.passkeys import (
    Passkey,
    RelyingParty,
    asserted,
    credential_id_of,
    is_clone,
    registered,
    relying_party_of,
)
from virage.identity.people.rules.webauthn import (
    AssertionJson,
    AssertionResponseJson,
    AttestationJson,
    RegistrationJson,
)
from virage.identity.people.settings import PeopleSettings
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.limits import RATES, Rate

FAN, FRIEND = "fan@example.org", "friend@example.org"
Add = Callable[[httpx.AsyncClient, Authenticator], Awaitable[str]]


@pytest.fixture
def key() -> Authenticator:
    return Authenticator()


async def creation(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.post("/api/me/passkeys/options")
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def add(browser: httpx.AsyncClient, key: Authenticator) -> str:
    """Add a passkey in a browser that is signed in; its id."""
    answer = await browser.post("/api/me/passkeys", json={"credential": key.create(await creation(browser))})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def asked(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.post("/api/sign-in/passkey/options")
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def answered(browser: httpx.AsyncClient, credential: dict[str, Any]) -> httpx.Response:
    return await browser.post("/api/sign-in/passkey", json={"credential": credential})


async def enter(browser: httpx.AsyncClient, key: Authenticator, **lies: Any) -> httpx.Response:
    return await answered(browser, key.get(await asked(browser), **lies))


async def signed_out(browser: httpx.AsyncClient) -> httpx.AsyncClient:
    assert (await browser.delete("/api/session")).status_code == 204
    return browser


@pytest.fixture
async def fan(client: httpx.AsyncClient, sign_in: Any, key: Authenticator) -> httpx.AsyncClient:
    """A browser of a fan, signed in, with a passkey."""
    await sign_in(client, FAN)
    await add(client, key)
    return client


async def facts(conn: Connection, what: str) -> list[dict[str, Any]]:
    rows = await conn.fetch("select data from kernel.journal where what = $1 order by xid, seq", what)
    return [json.loads(row["data"]) if isinstance(row["data"], str) else row["data"] for row in rows]


@pytest.mark.parametrize("algorithm", [ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM])
async def test_a_person_signs_in_with_a_passkey_of_each_algorithm(
    client: httpx.AsyncClient, sign_in: Any, algorithm: int
) -> None:
    key = Authenticator(algorithm=algorithm)
    await sign_in(client, FAN)
    await add(client, key)
    await signed_out(client)
    answer = await enter(client, key)
    assert answer.status_code == 200, answer.text
    me = (await client.get("/api/me")).json()
    assert me == answer.json()
    assert (me["kind"], me["email"], me["has_passkey"]) == ("fan", FAN, True)


async def test_options_ask_for_a_discoverable_passkey_with_verification_and_without_attestation(
    fan: httpx.AsyncClient, key: Authenticator
) -> None:
    options = await creation(fan)
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert [one["id"] for one in options["excludeCredentials"]] == [websafe_encode(key.credentials[0].id)]
    request = await asked(fan)
    assert (request["rpId"], request["userVerification"], request["allowCredentials"]) == (
        "virage.local",
        "required",
        [],
    )


async def test_the_handle_is_random_and_the_same_for_all_passkeys_of_a_person(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, key: Authenticator
) -> None:
    again = websafe_decode((await creation(fan))["user"]["id"])
    assert again == key.credentials[0].handle
    assert len(again) == 32
    await sign_in(other, FRIEND)
    assert websafe_decode((await creation(other))["user"]["id"]) != again


async def test_a_guest_keeps_the_session_and_its_basket(
    fan: httpx.AsyncClient, db: Database, clock: Clock, key: Authenticator, conn: Connection
) -> None:
    await signed_out(fan)
    async with db.transaction() as transaction:
        token, session_id = await acts.guest(transaction, clock.now())
    fan.cookies.set("__Host-virage", token, domain="virage.local", path="/")
    assert (await fan.get("/api/me")).json()["kind"] == "guest"
    assert (await enter(fan, key)).status_code == 200
    row = await conn.fetchrow("select person_id, guest_session_id from people.session where id = $1", session_id)
    assert row is not None
    assert row["guest_session_id"] == session_id
    assert row["person_id"] is not None


async def test_staff_sign_in_by_passkey_for_as_long_as_a_shift(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, key: Authenticator, *, conn: Connection, clock: Clock
) -> None:
    await make_staff("staff@example.org", [Grant("finance")])
    await sign_in(client, "staff@example.org")
    await add(client, key)
    await signed_out(client)
    assert (await enter(client, key)).json()["kind"] == "staff"
    assert await conn.fetchval("select expires_at from people.session") == clock.now() + timedelta(hours=12)


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://virage.local.example.org"},
        {"origin": "https://shop.virage.local"},
        {"origin": "http://virage.local"},
        {"rp_id": "example.org"},
        {"flags": PRESENT},
        {"flags": 0},
        {"type": "webauthn.create"},
        {"cross_origin": True},
        {"signature": b"no signature"},
        {"handle": b"another person's handle, 32 bytes"},
    ],
    ids=[
        "origin of another site",
        "origin of a subdomain",
        "origin without TLS",
        "RP ID",
        "user not verified",
        "user not present",
        "signature of a registration",
        "another site's frame",
        "signature",
        "handle",
    ],
)
async def test_a_signature_with_anything_wrong_in_it_is_refused(
    fan: httpx.AsyncClient, key: Authenticator, lie: dict[str, Any]
) -> None:
    await signed_out(fan)
    answer = await enter(fan, key, **lie)
    assert (answer.status_code, answer.json()["code"]) == (409, "passkey_invalid")
    assert (await fan.get("/api/me")).json()["kind"] == "anonymous"
    assert (await enter(fan, key)).status_code == 200


async def test_the_key_of_another_passkey_does_not_sign_for_this_one(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, key: Authenticator
) -> None:
    stranger = Authenticator()
    await sign_in(other, FRIEND)
    await add(other, stranger)
    stranger.credentials[0].id = key.credentials[0].id
    stranger.credentials[0].handle = key.credentials[0].handle
    stranger.credentials[0].count = 1_000
    assert (await enter(await signed_out(other), stranger)).json()["code"] == "passkey_invalid"


async def test_a_challenge_works_once(fan: httpx.AsyncClient, key: Authenticator) -> None:
    await signed_out(fan)
    options = await asked(fan)
    assert (await answered(fan, key.get(options))).status_code == 200
    await signed_out(fan)
    replayed = await answered(fan, key.get(options))
    assert (replayed.status_code, replayed.json()["code"]) == (409, "challenge_invalid")
    assert (await fan.get("/api/me")).json()["kind"] == "anonymous"


async def test_the_answer_of_another_browser_is_refused(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, key: Authenticator
) -> None:
    stolen = key.get(await asked(fan))
    await asked(other)
    assert (await answered(other, stolen)).json()["code"] == "challenge_invalid"
    other.cookies.clear()
    assert (await answered(other, stolen)).json()["code"] == "challenge_invalid"


async def test_a_challenge_expires_after_five_minutes(fan: httpx.AsyncClient, key: Authenticator, clock: Any) -> None:
    await signed_out(fan)
    early, late = await asked(fan), await asked(fan)
    clock.advance(timedelta(minutes=4, seconds=59))
    assert (await answered(fan, key.get(early))).status_code == 200
    clock.advance(timedelta(seconds=1))
    await signed_out(fan)
    assert (await answered(fan, key.get(late))).json()["code"] == "challenge_invalid"


async def test_a_challenge_serves_for_its_purpose_alone(fan: httpx.AsyncClient, key: Authenticator) -> None:
    confirmation = (await fan.post("/api/me/confirmation/options")).json()
    assert (await answered(fan, key.get(confirmation))).json()["code"] == "challenge_invalid"
    sign_in = key.get(await asked(fan))
    refused = await fan.post("/api/me/confirmation", json={"credential": sign_in})
    assert refused.json()["code"] == "challenge_invalid"
    registered = key.get(await creation(fan) | {"allowCredentials": []})
    refused = await fan.post("/api/me/confirmation", json={"credential": registered})
    assert refused.json()["code"] == "challenge_invalid"


async def test_a_challenge_that_nobody_sealed_is_refused(fan: httpx.AsyncClient, key: Authenticator) -> None:
    await signed_out(fan)
    options = await asked(fan)
    for challenge in ("", "AAAA", websafe_encode(b"\0" * 56), options["challenge"][:-4] + "AAAA"):
        assert (await answered(fan, key.get(options | {"challenge": challenge}))).json()["code"] == "challenge_invalid"


async def test_only_signatures_of_passkeys_store_a_challenge(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, key: Authenticator, conn: Connection, *, clock: Any, db: Database
) -> None:
    before = await conn.fetchval("select count(*) from people.used_challenge")
    for _ in range(5):
        await enter(other, key, signature=b"none")
    assert await conn.fetchval("select count(*) from people.used_challenge") == before
    assert (await enter(other, key)).status_code == 200
    assert await conn.fetchval("select count(*) from people.used_challenge") == before + 1
    clock.advance(timedelta(minutes=5))
    async with db.transaction() as transaction:
        await acts.tidy(transaction, clock.now())
    assert await conn.fetchval("select count(*) from people.used_challenge") == 0


async def test_a_passkey_of_an_erased_account_is_refused(
    fan: httpx.AsyncClient, key: Authenticator, conn: Connection
) -> None:
    assert (await fan.delete("/api/me")).status_code == 204
    assert (await enter(fan, key)).json()["code"] == "passkey_unknown"
    for table in ("passkey", "passkey_user"):
        assert await conn.fetchval(f"select count(*) from people.{table}") == 0


async def test_an_unknown_passkey_is_refused(client: httpx.AsyncClient, sign_in: Any, key: Authenticator) -> None:
    await sign_in(client, FAN)
    key.create(await creation(client))  # made, and its answer lost
    await signed_out(client)
    assert (await enter(client, key)).json()["code"] == "passkey_unknown"


async def test_a_counter_that_goes_back_disables_the_passkey_and_warns_its_owner(
    fan: httpx.AsyncClient, key: Authenticator, emails: Any, conn: Connection
) -> None:
    await signed_out(fan)
    assert (await enter(fan, key, count=10)).status_code == 200
    await signed_out(fan)
    copy = await enter(fan, key, count=10)
    assert (copy.status_code, copy.json()["code"]) == (409, "passkey_disabled")
    assert (await fan.get("/api/me")).json()["kind"] == "anonymous"
    assert (await enter(fan, key, count=11)).json()["code"] == "passkey_disabled"
    letters = [email.kind for email in await emails.to(FAN)]
    assert letters.count("passkey_cloned") == 1
    assert [fact["reason"] for fact in await facts(conn, "passkey_disabled")] == ["cloned"]


async def test_counters_that_stay_zero_are_fine(client: httpx.AsyncClient, sign_in: Any) -> None:
    synced = Authenticator(counts=False)
    await sign_in(client, FAN)
    await add(client, synced)
    for _ in range(3):
        await signed_out(client)
        assert (await enter(client, synced)).status_code == 200


@given(stored=st.integers(0, 2**32 - 1), shown=st.integers(0, 2**32 - 1))
def test_only_a_higher_counter_or_two_zeros_are_no_clone(stored: int, shown: int) -> None:
    assert is_clone(stored, shown) == (not (shown > stored or (stored == 0 and shown == 0)))


async def test_a_passkey_is_registered_once(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, key: Authenticator
) -> None:
    known = key.credentials[0].id
    again = key.create(await creation(fan), credential_id=known)
    assert (await fan.post("/api/me/passkeys", json={"credential": again})).json()["code"] == "passkey_taken"
    await sign_in(other, FRIEND)
    theirs = Authenticator().create(await creation(other), credential_id=known)
    assert (await other.post("/api/me/passkeys", json={"credential": theirs})).json()["code"] == "passkey_taken"
    assert (await other.get("/api/me/passkeys")).json() == []


async def test_a_registration_is_stored_once(client: httpx.AsyncClient, sign_in: Any, key: Authenticator) -> None:
    await sign_in(client, FAN)
    made = {"credential": key.create(await creation(client))}
    assert (await client.post("/api/me/passkeys", json=made)).status_code == 201
    assert (await client.post("/api/me/passkeys", json=made)).json()["code"] == "challenge_invalid"


async def test_a_registration_serves_in_its_own_session_alone(
    client: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, key: Authenticator
) -> None:
    await sign_in(client, FAN)
    await sign_in(other, FRIEND)
    made = {"credential": key.create(await creation(client))}
    assert (await other.post("/api/me/passkeys", json=made)).json()["code"] == "challenge_invalid"
    # the same browser, where another person has signed in meanwhile
    await sign_in(client, FRIEND)
    assert (await client.post("/api/me/passkeys", json=made)).json()["code"] == "challenge_invalid"
    assert (await client.get("/api/me/passkeys")).json() == []


@pytest.mark.parametrize(
    "lie",
    [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"type": "webauthn.get"}, {"cross_origin": True}],
    ids=["origin", "RP ID", "type", "frame"],
)
async def test_a_registration_with_anything_wrong_in_it_is_refused(
    client: httpx.AsyncClient, sign_in: Any, key: Authenticator, lie: dict[str, Any]
) -> None:
    await sign_in(client, FAN)
    made = key.create(await creation(client), **lie)
    assert (await client.post("/api/me/passkeys", json={"credential": made})).json()["code"] == "passkey_invalid"
    assert (await client.get("/api/me/passkeys")).json() == []


async def test_a_registration_without_user_verification_is_refused(client: httpx.AsyncClient, sign_in: Any) -> None:
    await sign_in(client, FAN)
    made = Authenticator(flags=PRESENT).create(await creation(client))
    assert (await client.post("/api/me/passkeys", json={"credential": made})).json()["code"] == "passkey_invalid"


async def test_passkeys_are_listed_renamed_and_removed_and_emails_tell_of_them(
    fan: httpx.AsyncClient, emails: Any, conn: Connection, clock: Any
) -> None:
    (mine,) = (await fan.get("/api/me/passkeys")).json()
    assert (mine["name"], mine["backed_up"], mine["last_used_at"]) == ("Passkey", True, None)
    address = f"/api/me/passkeys/{mine['id']}"
    assert (await fan.patch(address, json={"name": "  My phone "})).status_code == 204
    assert [one["name"] for one in (await fan.get("/api/me/passkeys")).json()] == ["My phone"]
    assert (await fan.patch(address, json={"name": "\u202e"})).status_code == 400
    assert (await fan.delete(address)).status_code == 204
    assert (await fan.get("/api/me/passkeys")).json() == []
    assert [(one.kind, one.secret.get("name")) for one in await emails.to(FAN)][1:] == [
        ("passkey_added", "Passkey"),
        ("passkey_removed", "My phone"),
    ]
    for what in ("passkey_added", "passkey_renamed", "passkey_removed"):
        assert [fact["passkey"] for fact in await facts(conn, what)] == [mine["id"]]


async def test_a_removed_passkey_is_refused(fan: httpx.AsyncClient, key: Authenticator) -> None:
    (mine,) = (await fan.get("/api/me/passkeys")).json()
    await fan.delete(f"/api/me/passkeys/{mine['id']}")
    await signed_out(fan)
    assert (await enter(fan, key)).json()["code"] == "passkey_unknown"


async def test_adding_and_removing_passkeys_need_a_recent_sign_in_which_a_passkey_renews(
    fan: httpx.AsyncClient, key: Authenticator, clock: Any
) -> None:
    (mine,) = (await fan.get("/api/me/passkeys")).json()
    begun = await creation(fan)
    session = (await fan.get("/api/me/sessions")).json()[0]["id"]
    clock.advance(timedelta(minutes=16))
    for method, path, body in (
        ("POST", "/api/me/passkeys/options", None),
        ("POST", "/api/me/passkeys", {"credential": Authenticator().create(begun)}),
        ("DELETE", f"/api/me/passkeys/{mine['id']}", None),
    ):
        assert (await fan.request(method, path, json=body)).json()["code"] == "step_up_required"
    options = (await fan.post("/api/me/confirmation/options")).json()
    assert [one["id"] for one in options["allowCredentials"]] == [websafe_encode(key.credentials[0].id)]
    confirmed = await fan.post("/api/me/confirmation", json={"credential": key.get(options)})
    assert confirmed.status_code == 200, confirmed.text
    assert [one["id"] for one in (await fan.get("/api/me/sessions")).json()] == [session]
    assert (await fan.delete(f"/api/me/passkeys/{mine['id']}")).status_code == 204


async def test_another_person_s_passkey_confirms_nothing(
    fan: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, clock: Any
) -> None:
    theirs = Authenticator()
    await sign_in(other, FRIEND)
    await add(other, theirs)
    clock.advance(timedelta(minutes=16))
    options = (await fan.post("/api/me/confirmation/options")).json() | {"allowCredentials": []}
    refused = await fan.post("/api/me/confirmation", json={"credential": theirs.get(options)})
    assert refused.json()["code"] == "passkey_unknown"
    assert (await fan.post("/api/me/passkeys/options")).json()["code"] == "step_up_required"


async def test_a_person_has_at_most_20_passkeys(
    client: httpx.AsyncClient, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RATES, "write", Rate(per_s=1_000, burst=1_000))
    await sign_in(client, FAN)
    for _ in range(20):
        await add(client, Authenticator())
    assert (await client.post("/api/me/passkeys/options")).json()["code"] == "passkeys_full"


async def test_tries_are_limited_by_browser_in_all_processes(
    fan: httpx.AsyncClient, key: Authenticator, config: Config, *, db: Database, clock: Any
) -> None:
    await signed_out(fan)
    second = build(config, db, clock)
    transport = httpx.ASGITransport(app=second)
    async with alive(second), httpx.AsyncClient(transport=transport, base_url="https://virage.local") as process:
        await asked(fan)
        process.cookies.update(fan.cookies)
        for number in range(60):
            assert (await enter((fan, process)[number % 2], key, signature=b"")).json()["code"] == "passkey_invalid"
        for browser in (fan, process):
            refused = await enter(browser, key)
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    clock.advance(timedelta(hours=1, seconds=1))
    assert (await enter(fan, key)).status_code == 200


async def test_the_export_lists_the_passkeys(fan: httpx.AsyncClient) -> None:
    about = (await fan.get("/api/me/export")).json()
    assert [one["name"] for one in about["passkeys"]] == ["Passkey"]


@pytest.fixture
async def elsewhere(config: Config, db: Database, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a deployment whose public URL is an IP address."""
    app = build(replace(config, public_url="https://192.168.1.7:8443"), db, clock)
    transport = httpx.ASGITransport(app=app)
    async with alive(app), httpx.AsyncClient(transport=transport, base_url="https://192.168.1.7:8443") as browser:
        yield browser


async def test_there_are_no_passkeys_at_an_ip_address(elsewhere: httpx.AsyncClient, sign_in: Any) -> None:
    assert (await elsewhere.post("/api/sign-in/passkey/options")).json()["code"] == "passkeys_unavailable"
    assert (await elsewhere.get("/.well-known/webauthn")).status_code == 404
    await sign_in(elsewhere, FAN)
    assert (await elsewhere.post("/api/me/passkeys/options")).json()["code"] == "passkeys_unavailable"
    assert (await elsewhere.post("/api/me/confirmation/options")).json()["code"] == "passkeys_unavailable"


async def test_passkeys_serve_at_a_second_address_that_is_named(
    fan: httpx.AsyncClient, key: Authenticator, config: Config, *, db: Database, clock: Clock
) -> None:
    second = "https://tickets.example.com"
    app = build(config.having(PeopleSettings(passkey_origins=(second,))), db, clock)
    transport = httpx.ASGITransport(app=app)
    async with alive(app), httpx.AsyncClient(transport=transport, base_url=second) as browser:
        assert (await browser.get("/.well-known/webauthn")).json() == {"origins": ["https://virage.local", second]}
        assert (await enter(browser, key, origin=second)).status_code == 200
    await signed_out(fan)
    assert (await enter(fan, key, origin=second)).json()["code"] == "passkey_invalid"


@pytest.mark.parametrize(
    ("public_url", "named", "rp_id"),
    [
        ("https://tickets.example.com", None, "tickets.example.com"),
        ("https://tickets.example.com", "example.com", "example.com"),
        ("http://localhost:8000", None, "localhost"),
        ("http://virage.example", None, None),
        ("https://192.0.2.7", None, None),
        ("https://[2001:db8::7]:8443", None, None),
    ],
)
def test_the_rp_id_is_the_host_unless_a_parent_domain_is_set(
    config: Config, public_url: str, named: str | None, rp_id: str | None
) -> None:
    party = relying_party_of(replace(config, public_url=public_url).having(PeopleSettings(passkey_rp_id=named)))
    assert (None if party is None else party.id) == rp_id


@pytest.mark.parametrize(
    ("public_url", "rp_id", "valid"),
    [
        ("https://tickets.example.com", "tickets.example.com", True),
        ("https://tickets.example.com", "example.com", True),
        ("https://tickets.example.com", "com", False),
        ("https://tickets.club.co.uk", "co.uk", False),
        ("https://tickets.example.com", "ckets.example.com", False),
        ("https://tickets.example.com", "other.example.com", False),
        ("https://192.0.2.7", "example.com", False),
    ],
)
def test_the_rp_id_is_the_host_or_a_parent_domain_that_is_no_public_suffix(
    config: Config, public_url: str, rp_id: str, *, valid: bool
) -> None:
    defects = PeopleSettings(passkey_rp_id=rp_id).contradictions(replace(config, public_url=public_url))
    assert (not any(defect.startswith("VIRAGE_PASSKEY_RP_ID:") for defect in defects)) == valid


def test_further_origins_are_https(config: Config) -> None:
    defects = PeopleSettings(passkey_origins=("http://tickets.example.com",)).contradictions(config)
    assert [defect.partition(":")[0] for defect in defects] == ["VIRAGE_PASSKEY_ORIGINS"]


PARTY = RelyingParty("virage.local", "Virage", ("https://virage.local",))


@given(
    client=st.one_of(st.text(), st.binary().map(websafe_encode)),
    data=st.one_of(st.text(), st.binary().map(websafe_encode)),
    signature=st.binary().map(websafe_encode),
)
def test_bytes_of_no_authenticator_are_refused_and_never_fail(client: str, data: str, signature: str) -> None:
    passkey = Passkey(new_id(), new_id(), "", b"handle", b"id", b"\xa0", sign_count=0, disabled=False)
    answer = AssertionJson(data, AssertionResponseJson(client, data, signature, signature))
    assert asserted(PARTY, answer, passkey, b"c" * 32, named=False) is None
    assert registered(PARTY, RegistrationJson(data, AttestationJson(client, data)), b"c" * 32) is None
    credential_id_of(answer)
