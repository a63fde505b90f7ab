"""A till whose responses get lost: the server received the request, and the till does not know."""

import httpx
from playwright.sync_api import Page, Route, expect

from tests.web import http
from tests.web.cards import Held
from tests.web.gate import Phone, kill
from tests.web.till import tap_card, tap_product


def lose_answers(page: Page) -> list[int]:
    """Deliver the till's online sale requests and drop their responses; uploads are not affected."""
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not is_online_sale(route):
            return route.continue_()
        lost.append(deliver_without_answer(route))
        return route.abort()

    page.route("**/api/till/records", lose)
    return lost


def is_online_sale(route: Route) -> bool:
    return b'"told":false' in (route.request.post_data_buffer or b"")


def deliver_without_answer(route: Route) -> int:
    """Deliver a request to the server and drop the response."""
    headers = {name: value for name, value in route.request.headers.items() if name != "content-length"}
    body = route.request.post_data_buffer
    return http.post(route.request.url, content=body, headers=headers).status_code


def all_is_uploaded(page: Page) -> None:
    """The till is online and has uploaded everything."""
    expect(page.locator("[data-state=online]")).to_be_visible()
    expect(page.locator("[data-backlog='0']")).to_be_visible()


def die_while_asking(page: Page, tablet: Phone, product: str, one: Held) -> None:
    """Kill the browser after the server received a sale and before the response."""

    def die(route: Route) -> None:
        if not is_online_sale(route):
            return route.continue_()
        assert deliver_without_answer(route) == httpx.codes.OK
        return kill(tablet)

    page.route("**/api/till/records", die)
    tap_product(page, product)
    with page.expect_event("close"):
        tap_card(page, one)
