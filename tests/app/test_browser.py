"""How a real Chromium treats our cookie, our policy and other sites."""

import os
import shutil
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import BrowserContext, async_playwright

from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import Served, World

WHO = "fetch('/api/me').then((answer) => answer.json()).then((me) => me.kind)"
HOLD = """async (wish) => {
  const answer = await fetch("/api/orders", {
    method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(wish)});
  return answer.status;
}"""
ACT_FROM_ELSEWHERE = """async (url) => {
  const attempts = [
    {method: "POST", mode: "no-cors", body: "{}"},
    {method: "DELETE"},
    {method: "POST", headers: {"content-type": "application/json"}, body: "{}"},
  ];
  const read = await Promise.all(attempts.map((attempt) =>
    fetch(`${url}/api/orders`, {credentials: "include", ...attempt}).then(() => true, () => false)));
  return read.some(Boolean);
}"""


@pytest.fixture
async def window() -> AsyncIterator[BrowserContext]:
    path = os.environ.get("VIRAGE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path)
        yield await chromium.new_context()
        await chromium.close()


async def test_the_cookie_of_a_demo_on_localhost_works_and_is_hidden_from_scripts(
    served: "Served", live_world: "World", window: BrowserContext
) -> None:
    page = await window.new_page()
    broken: list[str] = []
    page.on(
        "console", lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None
    )
    await page.goto(served.url)
    wish = {"id": str(new_id()), "event_id": str(live_world.event), "seats": {"kind": "best", "party": {"full": 1}}}
    assert await page.evaluate(HOLD, wish) == 201
    (cookie,) = await window.cookies(served.url)
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("virage", False, True)
    assert await page.evaluate("document.cookie") == ""
    assert await page.evaluate(WHO) == "guest"
    assert broken == []


async def test_a_page_of_another_site_cannot_use_the_session(
    served: "Served", live_world: "World", window: BrowserContext
) -> None:
    page = await window.new_page()
    await page.goto(served.url)
    wish = {"id": str(new_id()), "event_id": str(live_world.event), "seats": {"kind": "best", "party": {"full": 1}}}
    await page.evaluate(HOLD, wish)
    stranger = await window.new_page()
    await stranger.goto("about:blank")
    assert await stranger.evaluate(ACT_FROM_ELSEWHERE, served.url) is False
    assert await page.evaluate(WHO) == "guest"
