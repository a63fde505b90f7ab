from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from virage.platform.values.refusals import Refused
from virage.platform.web.guard import ANONYMOUS, Grant, Principal, fresh, holds, holds_at_venue, require, require_fan
from virage.platform.web.problems import Problem, granted

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
EVENT, OTHER, ORGANISER = uuid4(), uuid4(), uuid4()


def staff(*grants: Grant) -> Principal:
    return Principal("staff", uuid4(), uuid4(), grants, NOW)


def refusal(act: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(Problem) as problem:
        act(*args, **kwargs)
    return problem.value.code


def test_a_role_without_scope_covers_each_event() -> None:
    require(staff(Grant("box_office")), "box_office", scope="event", scope_id=EVENT)


def test_a_role_in_one_event_covers_no_other_and_not_all() -> None:
    someone = staff(Grant("box_office", "event", EVENT))
    require(someone, "box_office", scope="event", scope_id=EVENT)
    assert refusal(require, someone, "box_office", scope="event", scope_id=OTHER) == "forbidden"
    assert refusal(require, someone, "box_office") == "forbidden"


def test_a_role_at_an_organiser_covers_its_events() -> None:
    someone = staff(Grant("programme", "organiser", ORGANISER))
    within = [("organiser", ORGANISER)]
    require(someone, "programme", scope="event", scope_id=EVENT, within=within)
    assert refusal(require, someone, "programme", scope="event", scope_id=EVENT) == "forbidden"


def test_an_identifier_of_another_kind_of_scope_does_not_open() -> None:
    assert not holds(staff(Grant("steward", "gate", EVENT)), "steward", scope="event", scope_id=EVENT)


def test_an_administrator_holds_every_role_within_the_grant() -> None:
    assert holds(staff(Grant("admin")), "finance")
    local = staff(Grant("admin", "organiser", ORGANISER))
    assert holds(local, "finance", scope="organiser", scope_id=ORGANISER)
    assert not holds(local, "finance")


def test_a_role_does_not_include_another_one() -> None:
    assert refusal(require, staff(Grant("steward")), "finance") == "forbidden"


@pytest.mark.parametrize("principal", [ANONYMOUS, Principal("guest", None, uuid4())])
def test_an_anonymous_principal_is_unauthenticated(principal: Principal) -> None:
    assert refusal(require, principal, "admin") == "unauthenticated"
    assert refusal(require_fan, principal) == "unauthenticated"


def test_an_api_client_is_not_a_person() -> None:
    assert refusal(require_fan, Principal("api_client", uuid4())) == "forbidden"


def test_sensitive_acts_need_a_recent_sign_in() -> None:
    someone = staff(Grant("admin"))
    fresh(someone, NOW + timedelta(minutes=15))
    assert refusal(fresh, someone, NOW + timedelta(minutes=15, seconds=1)) == "step_up_required"
    fresh(Principal("api_client", uuid4()), NOW + timedelta(days=9))


def test_a_refusal_becomes_a_problem_with_its_data() -> None:
    with pytest.raises(Problem) as problem:
        granted(Refused("seat_taken", {"place": 7}))
    assert (problem.value.code, problem.value.data) == ("seat_taken", {"place": 7})
    assert granted(UUID(int=1)) == UUID(int=1)


@pytest.mark.parametrize(
    ("grant", "covered"),
    [
        (Grant("steward"), True),
        (Grant("steward", "venue", "arena"), True),
        (Grant("admin", "venue", "arena"), True),
        (Grant("steward", "gate", "arena.A1"), True),
        (Grant("steward", "event", EVENT), True),
        (Grant("steward", "organiser", ORGANISER), True),
        (Grant("steward", "venue", "other"), False),
        (Grant("admin", "venue", "other"), False),
        (Grant("steward", "gate", "A1"), False),
        (Grant("steward", "gate", "other.A1"), False),
        (Grant("admin", "gate", "arena.A1"), False),
        (Grant("admin", "organiser", ORGANISER), False),
        (Grant("cashier", "venue", "arena"), False),
    ],
)
def test_a_role_within_a_venue_covers_what_serves_all_of_it(grant: Grant, covered: bool) -> None:
    assert holds_at_venue(staff(grant), "steward", venue="arena", prefix="arena.") == covered


def test_the_posts_of_a_principal_count_like_its_grants() -> None:
    someone = Principal("staff", uuid4(), posts=(Grant("kitchen", "outlet", "arena.01"),))
    assert holds(someone, "kitchen", scope="outlet", scope_id="arena.01")
    assert not holds(someone, "kitchen", scope="outlet", scope_id="01")
