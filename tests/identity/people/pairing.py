"""Devices that pair, and browsers of the staff who create their codes."""

from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url

SUPERVISOR = "supervisor@example.org"


def ed25519() -> dict[str, str]:
    """The public key of a new device."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url(public)}


def p256() -> dict[str, str]:
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
    return {"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)}


def wrong(code: str) -> str:
    """The same handle with another secret."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


async def expect_device(browser: httpx.AsyncClient, **more: Any) -> httpx.Response:
    wish = {"id": str(new_id()), "name": "Lane 3", "kind": "lane", "posts": ["A"]} | more
    return await browser.post("/api/office/devices/pairings", json=wish)


async def open_code(browser: httpx.AsyncClient, **more: Any) -> str:
    answer = await expect_device(browser, **more)
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def pair(browser: httpx.AsyncClient, code: str, key: dict[str, str] | None = None) -> httpx.Response:
    return await browser.post("/api/devices/pair", json={"code": code, "key": key or ed25519()})


async def paired(browser: httpx.AsyncClient, code: str, key: dict[str, str] | None = None) -> dict[str, Any]:
    """The stored credentials of a device after its pairing; from then on the browser is this
    device.
    """
    answer = await pair(browser, code, key)
    assert answer.status_code == 200, answer.text
    kept: dict[str, Any] = answer.json()
    browser.headers["authorization"] = f"Bearer {kept['token']}"
    return kept


async def listed(browser: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await browser.get("/api/office/devices")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found
