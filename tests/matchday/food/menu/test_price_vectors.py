"""The vectors that check a till's prices against the server's."""

from tests.matchday.food.menu import make_price_vectors
from virage.matchday.food.menu.rules.alcohol import ForbiddenBy


def test_the_vectors_match_the_rules() -> None:
    assert make_price_vectors.FILE.read_text(encoding="utf-8") == make_price_vectors.file_text()


def test_each_basket_of_the_vectors_states_its_purpose() -> None:
    found = {basket["name"]: "priced" in basket for basket in make_price_vectors.vectors()["baskets"]}
    assert {name for name, is_priced in found.items() if is_priced} == set(make_price_vectors.sold())
    assert {name for name, is_priced in found.items() if not is_priced} == set(make_price_vectors.unsold())


def test_the_vectors_hold_everything_that_forbids_alcohol() -> None:
    refused = [case["refused"] for case in make_price_vectors.vectors()["alcohol"] if case["refused"]]
    assert {one["data"]["why"] for one in refused if "why" in one["data"]} == {why.value for why in ForbiddenBy}
    assert {one["data"]["age"] for one in refused if "age" in one["data"]} == {16, 18}
