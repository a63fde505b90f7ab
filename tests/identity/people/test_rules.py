from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.identity.people.rules import secrets
from virage.identity.people.rules.grants import (
    GrantRequest,
    RoleName,
    ScopeName,
    grant_of,
    grant_stored,
    holds_grant,
    may_administer,
    scope_text,
)
from virage.identity.people.rules.persons import device_label, normalise_name
from virage.identity.people.rules.sign_in import (
    FAN_LIFETIME,
    GUEST_LIFETIME,
    STAFF_LIFETIME,
    CodeDecision,
    RequestCounts,
    TryResult,
    decide_code_request,
    judge_try,
    lifetime,
)
from virage.platform.web.guard import Grant, Principal

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
KEYS = secrets.people_keys("a secret of the tests, long enough")
ORGANISER, OTHER, EVENT = uuid4(), uuid4(), uuid4()


def staff(*grants: Grant) -> Principal:
    return Principal("staff", uuid4(), uuid4(), grants, NOW)


def test_a_code_has_six_digits() -> None:
    codes = {secrets.new_code() for _ in range(50)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 40


def test_the_same_code_has_another_hash_at_another_address_or_under_another_secret() -> None:
    others = secrets.people_keys("another secret of the tests, long enough")
    hashes = {
        secrets.code_hash(KEYS, "fan@example.org", "123456"),
        secrets.code_hash(KEYS, "fan2@example.org", "123456"),
        secrets.code_hash(others, "fan@example.org", "123456"),
    }
    assert len(hashes) == 3


def test_the_fifth_try_may_succeed_and_the_sixth_is_refused() -> None:
    right, wrong = b"r" * 32, b"w" * 32
    assert judge_try(right, right, 5) is TryResult.RIGHT
    assert judge_try(right, right, 6) is TryResult.TOO_MANY
    assert judge_try(right, wrong, 1) is TryResult.WRONG
    assert judge_try(right, wrong, 6) is TryResult.TOO_MANY


@pytest.mark.parametrize(
    ("asks", "answer"),
    [
        (RequestCounts(of_address=1, of_device=1, of_both=1), CodeDecision.SEND),
        (RequestCounts(of_address=5, of_device=20, of_both=5), CodeDecision.SEND),
        (RequestCounts(of_address=6, of_device=1, of_both=1), CodeDecision.SEND_OPEN),
        (RequestCounts(of_address=6, of_device=6, of_both=6), CodeDecision.REFUSE),
        (RequestCounts(of_address=1, of_device=21, of_both=1), CodeDecision.REFUSE),
    ],
)
def test_only_the_requesting_browser_learns_of_its_rate_limit(asks: RequestCounts, answer: CodeDecision) -> None:
    assert decide_code_request(asks) is answer


def test_session_lifetime_depends_on_guest_fan_or_staff() -> None:
    assert lifetime(person=False, staff=False) == GUEST_LIFETIME == timedelta(days=2)
    assert lifetime(person=True, staff=False) == FAN_LIFETIME == timedelta(days=90)
    assert lifetime(person=True, staff=True) == STAFF_LIFETIME == timedelta(hours=12)


@pytest.mark.parametrize(
    ("written", "kept"),
    [(None, None), ("  ", None), (" Un  Fan ", "Un Fan"), ("Ame\u0301lie", "Amélie"), ("名前", "名前")],
)
def test_a_name_is_kept_without_needless_spaces(written: str | None, kept: str | None) -> None:
    assert normalise_name(written) == kept


@pytest.mark.parametrize("written", ["a" * 101, "a\x00b", "a\u202eb", "a\x1b[2Jb", "a\u200db", "a\u200bb"])
def test_a_name_holds_nothing_that_cannot_be_shown(written: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        normalise_name(written)


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (None, ""),
        ("curl/8", ""),
        ("Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0", "Firefox, Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/130 Safari/537 Edg/130", "Edge, Windows"),
    ],
)
def test_a_device_is_labelled_coarsely(agent: str | None, label: str) -> None:
    assert device_label(agent) == label


@pytest.mark.parametrize(
    ("wish", "grant"),
    [
        (GrantRequest(RoleName.ADMIN, ScopeName.ALL), Grant("admin")),
        (GrantRequest(RoleName.ADMIN, ScopeName.ALL, "x"), None),
        (GrantRequest(RoleName.STEWARD, ScopeName.GATE, "12"), Grant("steward", "gate", "12")),
        (GrantRequest(RoleName.STEWARD, ScopeName.GATE), None),
        (GrantRequest(RoleName.STEWARD, ScopeName.GATE, "1\n2"), None),
        (GrantRequest(RoleName.FINANCE, ScopeName.ORGANISER, str(ORGANISER)), Grant("finance", "organiser", ORGANISER)),
        (GrantRequest(RoleName.FINANCE, ScopeName.EVENT, "tonight"), None),
        (GrantRequest(RoleName.FINANCE, ScopeName.EVENT), None),
    ],
)
def test_a_grant_names_what_its_scope_needs(wish: GrantRequest, grant: Grant | None) -> None:
    assert grant_of(wish) == grant


@pytest.mark.parametrize(
    "grant", [Grant("admin"), Grant("cashier", "outlet", "B2"), Grant("programme", "event", EVENT)]
)
def test_a_stored_grant_is_read_back_unchanged(grant: Grant) -> None:
    assert grant_stored(grant.role, grant.scope, scope_text(grant)) == grant


def test_an_administrator_grants_only_within_their_scope() -> None:
    of_all, of_organiser = staff(Grant("admin")), staff(Grant("admin", "organiser", ORGANISER))
    within = (("organiser", ORGANISER),)
    assert may_administer(of_all, Grant("admin"), ())
    assert may_administer(of_all, Grant("steward", "gate", "12"), ())
    assert may_administer(of_organiser, Grant("admin", "organiser", ORGANISER), ())
    assert may_administer(of_organiser, Grant("box_office", "event", EVENT), within)
    assert not may_administer(of_organiser, Grant("box_office", "event", EVENT), (("organiser", OTHER),))
    assert not may_administer(of_organiser, Grant("finance", "organiser", OTHER), ())
    assert not may_administer(of_organiser, Grant("steward", "gate", "12"), ())
    assert not may_administer(of_organiser, Grant("finance"), ())


def test_only_an_administrator_grants_roles_and_api_clients_cannot() -> None:
    assert not may_administer(staff(Grant("finance")), Grant("finance"), ())
    api_client = Principal("api_client", uuid4(), None, (Grant("admin"),))
    assert not may_administer(api_client, Grant("steward"), ())


ROLES = st.sampled_from([role.value for role in RoleName])
IDS = st.sampled_from([ORGANISER, OTHER, EVENT])
GRANTS = st.builds(Grant, ROLES) | st.builds(Grant, ROLES, st.sampled_from(["organiser", "event"]), IDS)


@given(holder=st.lists(GRANTS, max_size=3), wanted=GRANTS, organiser=st.sampled_from([ORGANISER, OTHER]))
def test_an_api_client_cannot_exceed_its_creators_grants(holder: list[Grant], wanted: Grant, organiser: UUID) -> None:
    within = (("organiser", organiser),) if wanted.scope == "event" else ()
    if holds_grant(staff(*holder), wanted, within):
        assert any(
            mine.role in (wanted.role, "admin")
            and (
                mine.scope == "all"
                or (mine.scope, mine.scope_id) == (wanted.scope, wanted.scope_id)
                or (mine.scope == "organiser" and wanted.scope == "event" and mine.scope_id == organiser)
            )
            for mine in holder
        )
