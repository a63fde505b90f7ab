from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from virage.app.settings import read
from virage.cli.authority import Authority, authority, server_certificate
from virage.cli.phones import install_page, terminal_code
from virage.cli.running import children, here
from virage.platform.settings.config import Config

NOW = datetime.now(UTC)
LAPTOP = IPv4Address("192.168.1.20")


def check(issuer: Authority, chain: Path, address: IPv4Address) -> None:
    policy = PolicyBuilder().store(Store([issuer.certificate])).time(NOW)
    verifier = policy.build_server_verifier(x509.IPAddress(address))
    verifier.verify(x509.load_pem_x509_certificate(chain.read_bytes()), [])


def test_a_phone_that_trusts_the_authority_trusts_the_laptop(tmp_path: Path) -> None:
    issuer = authority(tmp_path, NOW)
    chain, _ = server_certificate(issuer, tmp_path, LAPTOP, NOW)
    check(issuer, chain, LAPTOP)


def test_the_authority_has_no_power_over_public_addresses(tmp_path: Path) -> None:
    issuer = authority(tmp_path, NOW)
    public = IPv4Address("203.0.114.9")
    chain, _ = server_certificate(issuer, tmp_path, public, NOW)
    with pytest.raises(VerificationError):
        check(issuer, chain, public)


def test_the_authority_is_kept_so_that_phones_install_it_once(tmp_path: Path) -> None:
    first = authority(tmp_path, NOW)
    assert authority(tmp_path, NOW + timedelta(days=800)).der == first.der
    assert authority(tmp_path, NOW + timedelta(days=825)).der != first.der


def test_the_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    server_certificate(authority(tmp_path, NOW), tmp_path, LAPTOP, NOW)
    for name in ("authority.pem", "server-key.pem"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_the_code_in_the_terminal_is_a_square_of_half_blocks() -> None:
    lines = terminal_code("http://192.168.1.20:8445/").splitlines()
    assert len({len(line) for line in lines}) == 1
    assert set("".join(lines)) <= set(" ▀▄█")


def test_the_page_has_two_languages_and_links_to_the_app() -> None:
    page = install_page("https://192.168.1.20:8443/")
    assert 'href="https://192.168.1.20:8443/"' in page
    assert 'href="/virage.crt"' in page
    assert "Réglages" in page
    assert "Settings" in page


def test_mailbox_and_cards_have_a_loopback_listener_on_the_laptop() -> None:
    said = {"VIRAGE_SECRET": "a secret of the tests, long enough", "VIRAGE_DEMO": "1"}
    phones = {"VIRAGE_PUBLIC_URL": "https://192.168.1.20:8443", "VIRAGE_HOST": "192.168.1.20", "VIRAGE_PORT": "8443"}
    served = read(said | phones)
    (local,) = (child for child in children(served) if child.name == "web-here")
    listener = read(said | phones | dict(local.env))
    assert (served.is_private, listener.is_private, listener.public_url) == (False, True, served.public_url)
    assert here(served) == f"http://localhost:{listener.port}"


def test_a_demo_on_its_own_machine_needs_one_listener() -> None:
    alone = Config(secret="a secret of the tests, long enough", demo=True)
    assert [child.name for child in children(alone)] == ["sandbox", "work", "web"]
    assert here(alone) == alone.public_url
