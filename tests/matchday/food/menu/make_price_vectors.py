"""Write docs/vectors/prices.json: what baskets cost at two outlets, and when alcohol is sold.

    python -m tests.matchday.food.menu.make_price_vectors

An offline till computes prices from the response of `GET /api/food/catalogue/{outlet}`. An
implementation in any language must get these results, which the server's rules computed.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from tests.matchday.food.menu.board import (
    BEER,
    BOARD,
    COFFEE,
    COLA,
    CUP,
    FRIES,
    HERE,
    HOT_DOG,
    HOUR,
    MENU,
    NOW,
    THERE,
    a_match,
    basket,
    line,
)
from virage.matchday.food.menu.reads.catalogue import shown_at
from virage.matchday.food.menu.rules.alcohol import AlcoholPermit, may_sell
from virage.matchday.food.menu.rules.catalogue import Product
from virage.matchday.food.menu.rules.pricing import Basket, DepositReturn, PartChoice, price, split
from virage.platform.values.refusals import Refused, refusal_of
from virage.site.programme.rules import Event, EventRules

FILE = Path("docs/vectors/prices.json")
STARTS_AT = NOW + HOUR
CLUB = UUID(int=101)
MATCH = a_match(STARTS_AT, id=UUID(int=100), organiser_id=CLUB)
KETCHUP = {"sauce": "ketchup"}
TRUFFLE = {"sauce": "truffle"}
MEAL = {"dish": PartChoice(HOT_DOG.id, KETCHUP), "drink": PartChoice(BEER.id)}
ALLOWED = AlcoholPermit(UUID(int=102), CLUB, NOW - HOUR, NOW + HOUR, "2026-17")
SPIRITS = replace(BEER, id=UUID(int=103), distilled=True)
ENERGY = replace(COLA, id=UUID(int=104), age_min=16)

Wishes = dict[str, tuple[str, int | None, Basket]]
"""By name: the outlet, the minutes since the start of the event (None: nothing is on), and the basket."""


def sold() -> Wishes:
    """Return baskets that have a price."""
    return {
        "one": (HERE, None, basket(line(COFFEE))),
        "the dearer outlet": (THERE, None, basket(line(COFFEE))),
        "the outlet's open window": (THERE, -60, basket(line(COFFEE))),
        "the house's open window": (HERE, -60, basket(line(HOT_DOG, options=KETCHUP))),
        "the first minute of a window": (HERE, -120, basket(line(HOT_DOG, options=KETCHUP))),
        "the minute that ends it": (HERE, -30, basket(line(HOT_DOG, options=KETCHUP))),
        "a choice with a surcharge": (HERE, 0, basket(line(HOT_DOG, 2, options=TRUFFLE))),
        "drinks in cups": (HERE, 0, basket(line(COLA, 2), line(BEER, 3))),
        "a menu": (HERE, 0, basket(line(MENU, parts=MEAL))),
        "menus while a part costs less": (
            HERE,
            -60,
            basket(line(MENU, 3, parts=MEAL | {"dish": PartChoice(HOT_DOG.id, TRUFFLE)})),
        ),
        "VAT that lines share": (HERE, 0, basket(*[line(FRIES)] * 5)),
        "cups for a drink": (HERE, 0, basket(line(COLA), returns=[DepositReturn(CUP.id, 2)])),
        "cups alone": (THERE, 0, basket(returns=[DepositReturn(CUP.id, 3)])),
    }


def unsold() -> Wishes:
    """Return baskets without a price, each for another reason."""
    return {
        "another version": (HERE, 0, basket(line(COFFEE), version="0" * 32)),
        "nothing": (HERE, 0, basket()),
        "too long for a receipt": (HERE, 0, basket(*[line(COLA)] * 31)),
        "too many": (HERE, 0, basket(line(COFFEE, 100))),
        "none": (HERE, 0, basket(line(COFFEE), line(COFFEE, 0))),
        "a cup as a product": (HERE, 0, basket(line(CUP))),
        "no option": (HERE, 0, basket(line(HOT_DOG))),
        "no such choice": (HERE, 0, basket(line(HOT_DOG, options={"sauce": "pesto"}))),
        "no drink in the menu": (HERE, 0, basket(line(MENU, parts={"dish": PartChoice(HOT_DOG.id, KETCHUP)}))),
        "another drink than the menu's": (HERE, 0, basket(line(MENU, parts=MEAL | {"drink": PartChoice(COFFEE.id)}))),
    }


def alcohol() -> dict[str, tuple[Product, Event | None, list[AlcoholPermit], bool]]:
    """Return the products that are sold, or not, at one moment: product, event, calendar, whether
    the age was checked.
    """
    dry = replace(MATCH, rules=EventRules(alcohol=False))
    return {
        "beer under a derogation": (BEER, MATCH, [ALLOWED], True),
        "beer to whom nobody looked at": (BEER, MATCH, [ALLOWED], False),
        "beer without a derogation": (BEER, MATCH, [], True),
        "beer under another organiser's": (BEER, MATCH, [replace(ALLOWED, organiser_id=UUID(int=9))], True),
        "beer before it begins": (BEER, MATCH, [replace(ALLOWED, starts_at=NOW + timedelta(seconds=1))], True),
        "beer as it ends": (BEER, MATCH, [replace(ALLOWED, ends_at=NOW)], True),
        "beer after it was withdrawn": (BEER, MATCH, [replace(ALLOWED, withdrawn_at=NOW)], True),
        "beer before it is withdrawn": (BEER, MATCH, [replace(ALLOWED, withdrawn_at=NOW + HOUR)], True),
        "beer at a dry match": (BEER, dry, [ALLOWED], True),
        "beer without an event": (BEER, None, [ALLOWED], True),
        "beer at what does not take place": (BEER, replace(MATCH, state="cancelled"), [ALLOWED], True),
        "spirits": (SPIRITS, MATCH, [ALLOWED], True),
        "a cola": (COLA, None, [], False),
        "an age limit without alcohol": (ENERGY, None, [], False),
        "an age that was checked": (ENERGY, None, [], True),
    }


def _plain(value: Any) -> Any:
    sent = refusal_of(value) if isinstance(value, Refused) else value
    return _with_empty_texts(msgspec.json.decode(msgspec.json.encode(sent)))


def _with_empty_texts(value: Any) -> Any:
    """Write a missing description as 0.2.0 did: the file keeps its bytes."""
    if isinstance(value, list):
        return [_with_empty_texts(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {"fr": "", "en": ""} if name == "description" and not part else _with_empty_texts(part)
        for name, part in value.items()
    }


def _basket(name: str, outlet: str, minute: int | None, wanted: Basket) -> dict[str, Any]:
    at = NOW if minute is None else STARTS_AT + timedelta(minutes=minute)
    answer = price(wanted, BOARD, outlet, at, event=None if minute is None else MATCH)
    moment = {"outlet": outlet, "at": _plain(at), "starts_at": None if minute is None else _plain(STARTS_AT)}
    kind = "refused" if isinstance(answer, Refused) else "priced"
    return {"name": name} | moment | {"basket": _plain(wanted), kind: _plain(answer)}


def _sale(
    name: str, product: Product, event: Event | None, calendar: list[AlcoholPermit], confirmed: bool
) -> dict[str, Any]:
    answer = may_sell(product, event, NOW, calendar, age_confirmed=confirmed)
    on = None if event is None else {"organiser_id": str(CLUB), "state": event.state, "alcohol": event.rules.alcohol}
    inputs = {"product": _plain(product), "event": on, "derogations": _plain(calendar), "at": _plain(NOW)}
    return {"name": name} | inputs | {"age_confirmed": confirmed, "refused": _plain(answer)}


def vectors() -> dict[str, Any]:
    """Return all of the file's content."""
    totals = ((1300, [650, 400, 700]), (100, [1, 1, 1]), (5, [0, 0, 0]), (7, [0, 3, 0, 3]), (0, [4, 2]))
    return {
        # The module's path at that time: the file keeps its bytes.
        "about": "Written by python -m tests.concessions.make_price_vectors.",
        "catalogues": [_plain(shown_at(BOARD, outlet)) for outlet in (HERE, THERE)],
        "baskets": [_basket(name, *wish) for group in (sold(), unsold()) for name, wish in group.items()],
        "splits": [{"total": total, "weights": weights, "parts": split(total, weights)} for total, weights in totals],
        "alcohol": [_sale(name, *case) for name, case in alcohol().items()],
    }


def file_text() -> str:
    """Return the content of the file in docs/vectors."""
    return json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
