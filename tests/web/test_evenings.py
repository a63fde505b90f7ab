"""Ten people spend an evening at the match: each buys, enters, eats and drinks, and sees a goal again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.web.evening import Evening, Person, buy, eat_by_phone, enter, top_up, watch
from tests.web.gate import Phone
from tests.web.house import House


@pytest.fixture(scope="module")
def evening(
    house: House, playwright: Playwright, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evening]:
    """One match for all of them; the gate, the till, the kitchen and the match desk are at work."""
    steward = Phone(playwright, tmp_path_factory.mktemp("steward"), house.url)
    evening = Evening(house, browser, steward)
    yield evening
    evening.close()
    steward.close()


def test_everyday(evening: Evening, address: str) -> None:
    person = Person(evening, evening.page(), address)
    buy(person)
    enter(person)
    top_up(person)
    eat_by_phone(person)
    watch(person)
