import pytest

from virage.platform.values.derivation import derive
from virage.platform.values.tokens import new_token, token_hash
from virage.platform.web import security
from virage.platform.web.guard import Credential
from virage.platform.web.security import credential, from_another_site, is_local


def test_a_cookie_is_found_among_others_and_kept_as_its_hash() -> None:
    token = new_token()
    shown = credential([b"theme=dark; __Host-virage=" + token.encode() + b"; x=y"], None)
    assert shown == Credential("cookie", token_hash(token))


def test_a_bearer_token_goes_before_a_cookie() -> None:
    shown = credential([b"__Host-virage=cookie"], b"Bearer token")
    assert shown == Credential("bearer", token_hash("token"))


@pytest.mark.parametrize("broken", [b"Basic dXNlcg==", b"Bearer", b"Bearer ", b"Bearer " + b"x" * 300])
def test_an_authorization_without_a_bearer_token_is_ignored(broken: bytes) -> None:
    assert credential([b"__Host-virage=cookie"], broken) is None


@pytest.mark.parametrize("cookie", [b"", b"__Host-virage=", b"x__Host-virage=token", b"__Host-virage=" + b"x" * 300])
def test_a_cookie_of_another_name_or_size_is_ignored(cookie: bytes) -> None:
    assert credential([cookie], None) is None


@pytest.mark.parametrize(
    ("fetch_site", "origin", "foreign"),
    [
        (b"same-origin", b"https://virage.local", False),
        (b"none", None, False),
        (b"cross-site", None, True),
        (b"same-site", b"https://virage.local", True),
        (None, b"https://virage.local", False),
        (None, b"https://virage.local.evil.example", True),
        (None, b"null", True),
        (None, b"http://[::1", True),
        (None, b"https://fan@virage.local", True),
        (None, b"HTTPS://Virage.local", False),
        (None, None, False),
    ],
)
def test_a_cross_site_request_is_recognised_by_its_headers(
    fetch_site: bytes | None, origin: bytes | None, foreign: bool
) -> None:
    assert from_another_site(fetch_site, origin, b"virage.local") is foreign


@pytest.mark.parametrize(
    ("peer", "host", "local"),
    [
        ("127.0.0.1", b"localhost:8000", True),
        ("::1", b"[::1]:8000", True),
        ("127.0.0.1", b"rebound.example.org", False),
        ("192.0.2.7", b"localhost:8000", False),
        ("127.0.0.1", b"", False),
        ("127.0.0.1", b"[::1", False),
        ("", b"localhost", False),
    ],
)
def test_only_this_machine_by_its_own_name_is_local(peer: str, host: bytes, local: bool) -> None:
    assert is_local({"client": (peer, 1), "headers": [(b"host", host)]}) is local


@pytest.mark.parametrize("header", [b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"])
def test_a_forwarded_request_is_not_local(header: bytes) -> None:
    assert not is_local({"client": ("127.0.0.1", 1), "headers": [(b"host", b"localhost"), (header, b"192.0.2.7")]})


def test_keys_of_two_purposes_are_unrelated_and_stable() -> None:
    assert derive("secret", "codes") == derive("secret", "codes") != derive("secret", "mails")
    assert len(derive("secret", "codes")) == 32


def test_inline_scripts_and_styles_are_forbidden() -> None:
    assert "unsafe" not in security.CONTENT_SECURITY_POLICY
