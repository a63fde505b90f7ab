"""Alcohol: forbidden except under a permit that the event rules enable, never for minors; soft
drinks are free.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.matchday.food.menu.board import BEER, COLA, HOUR, NOW, a_match, a_product
from virage.matchday.food.menu.rules.alcohol import (
    AlcoholPermit,
    AlcoholPermitRequest,
    ForbiddenBy,
    Reason,
    check_permit,
    may_sell,
    may_sell_all,
)
from virage.matchday.food.menu.rules.catalogue import Product
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.programme.rules import EventRules

MATCH = a_match()
PARIS = ZoneInfo("Europe/Paris")
ENERGY = a_product("Energy drink", age_min=16)
FREE_BEER = a_product("Beer 0.0", abv_permille=12)


def allowed(**changes: Any) -> AlcoholPermit:
    content: dict[str, Any] = {
        "id": new_id(),
        "organiser_id": MATCH.organiser_id,
        "starts_at": NOW - HOUR,
        "ends_at": NOW + HOUR,
        "reference": "2026-17",
    }
    return AlcoholPermit(**(content | changes))


def why(refusal: Refused | None) -> ForbiddenBy | None:
    if refusal is None:
        return None
    assert refusal.reason == Reason.FORBIDDEN
    found: ForbiddenBy = refusal.data["why"]
    return found


def sell(product: Product = BEER, event: Any = MATCH, at: datetime = NOW, *calendar: AlcoholPermit) -> Refused | None:
    return may_sell(product, event, at, calendar, age_confirmed=True)


def test_beer_is_sold_to_adults_under_a_permit_used_by_the_event() -> None:
    assert sell(BEER, MATCH, NOW, allowed()) is None


def test_without_a_permit_beer_is_forbidden_under_any_event_rule() -> None:
    assert why(sell(BEER, MATCH, NOW)) == ForbiddenBy.NO_PERMIT


def test_an_event_rule_narrows_an_alcohol_permit() -> None:
    assert why(sell(BEER, replace(MATCH, rules=EventRules(alcohol=False)), NOW, allowed())) == ForbiddenBy.HOUSE_RULE


@pytest.mark.parametrize(
    "other",
    [
        allowed(organiser_id=new_id()),
        allowed(starts_at=NOW + timedelta(microseconds=1)),
        allowed(ends_at=NOW),
        allowed(withdrawn_at=NOW),
    ],
)
def test_a_permit_is_valid_for_its_organiser_from_its_begin_to_its_end(other: AlcoholPermit) -> None:
    assert why(sell(BEER, MATCH, NOW, other)) == ForbiddenBy.NO_PERMIT


def test_sales_before_a_permit_was_withdrawn_stay_valid() -> None:
    assert sell(BEER, MATCH, NOW, allowed(withdrawn_at=NOW + HOUR)) is None


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_without_an_event_that_takes_place_there_is_no_alcohol(state: Any) -> None:
    assert why(sell(BEER, None, NOW, allowed())) == ForbiddenBy.NO_EVENT
    assert why(sell(BEER, replace(MATCH, state=state), NOW, allowed())) == ForbiddenBy.NO_EVENT


@pytest.mark.parametrize("strong", [replace(BEER, distilled=True), replace(BEER, abv_permille=181)])
def test_no_permit_covers_spirits(strong: Product) -> None:
    assert why(sell(strong, MATCH, NOW, allowed())) == ForbiddenBy.SPIRITS


def test_alcohol_asks_for_the_age_even_where_the_product_says_none() -> None:
    found = may_sell(BEER, MATCH, NOW, [allowed()], age_confirmed=False)
    assert found is not None
    assert (found.reason, found.data["age"], BEER.age_min) == (Reason.AGE_CHECK, 18, 0)


def test_a_confirmed_age_allows_nothing_that_is_forbidden() -> None:
    assert why(may_sell(BEER, MATCH, NOW, [], age_confirmed=True)) == ForbiddenBy.NO_PERMIT


def test_an_age_limit_of_the_operator_applies_without_alcohol_and_without_an_event() -> None:
    found = may_sell(ENERGY, None, NOW, [], age_confirmed=False)
    assert found is not None
    assert (found.reason, found.data["age"]) == (Reason.AGE_CHECK, 16)
    assert may_sell(ENERGY, None, NOW, [], age_confirmed=True) is None


@given(st.integers(0, 12), st.booleans(), st.sampled_from([None, MATCH, replace(MATCH, rules=EventRules())]))
def test_alcohol_rules_never_restrict_soft_products(abv: int, confirmed: bool, event: Any) -> None:
    assert may_sell(a_product(abv_permille=abv), event, NOW, [], age_confirmed=confirmed) is None


@given(st.integers(13, 1000), st.booleans(), st.booleans())
def test_alcohol_is_sold_only_with_a_permit_and_a_confirmed_age(abv: int, distilled: bool, confirmed: bool) -> None:
    drink = a_product(abv_permille=abv, distilled=distilled)
    assert may_sell(drink, MATCH, NOW, [], age_confirmed=confirmed) is not None
    assert may_sell(drink, MATCH, NOW, [allowed()], age_confirmed=False) is not None
    sold = may_sell(drink, MATCH, NOW, [allowed()], age_confirmed=True) is None
    assert sold == (not distilled and abv <= 180)


def test_forbidden_products_are_reported_before_an_age_check() -> None:
    asked = may_sell_all([COLA, ENERGY, BEER], MATCH, NOW, [], age_confirmed=False)
    assert why(asked) == ForbiddenBy.NO_PERMIT
    asked = may_sell_all([COLA, ENERGY, BEER], MATCH, NOW, [allowed()], age_confirmed=False)
    assert asked is not None
    assert (asked.reason, asked.data["product_id"]) == (Reason.AGE_CHECK, ENERGY.id)
    assert may_sell_all([COLA, FREE_BEER], None, NOW, [], age_confirmed=False) is None


# --- the calendar --------------------------------------------------------------------------------------------------


def a_document(starts_at: datetime = NOW, lasts: timedelta = 48 * HOUR) -> AlcoholPermitRequest:
    return AlcoholPermitRequest(new_id(), MATCH.organiser_id, starts_at, starts_at + lasts, "2026-18")


def test_a_permit_lasts_48_hours_at_most() -> None:
    assert check_permit(a_document(), [], PARIS) is None
    for lasts in (48 * HOUR + timedelta(seconds=1), timedelta(0), -HOUR):
        refused = check_permit(a_document(lasts=lasts), [], PARIS)
        assert refused is not None
        assert refused.data["errors"][0]["source"] == "ends_at"


def test_an_organiser_has_ten_permits_a_year_in_the_venues_time_zone() -> None:
    used = [allowed(starts_at=datetime(2026, 1, 1, tzinfo=PARIS) + number * 24 * HOUR) for number in range(10)]
    refused = check_permit(a_document(), used, PARIS)
    assert refused is not None
    assert (refused.reason, refused.data) == (Reason.YEAR_IS_FULL, {"year": 2026, "used": 10})
    assert check_permit(a_document(datetime(2026, 12, 31, 23, 30, tzinfo=ZoneInfo("UTC"))), used, PARIS) is None
    assert check_permit(a_document(), used[1:], PARIS) is None


def test_a_permit_withdrawn_before_it_began_does_not_count() -> None:
    used = [allowed() for _ in range(9)]
    assert check_permit(a_document(), [*used, allowed(withdrawn_at=NOW - 2 * HOUR)], PARIS) is None
    assert check_permit(a_document(), [*used, allowed(withdrawn_at=NOW)], PARIS) is not None
