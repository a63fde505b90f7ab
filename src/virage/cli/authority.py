"""A certificate authority of this machine, for phones in the local network and for nothing else.

Its certificate is restricted to private addresses (name constraints, RFC 5280): a stolen key cannot impersonate other
sites to a phone that trusts it. The key stays below `var/`, readable by its owner.
"""

import os
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
OWN_NAMES = (x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1")))
AUTHORITY_DAYS = 825
SERVER_DAYS = 30
_BACKDATED = timedelta(hours=1)  # for phones whose clock is late
_OWNER_ONLY = 0o600


class Authority(Struct, frozen=True):
    """Key and certificate of the authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate in DER, for phones."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate in PEM, for programs on this machine."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def authority(folder: Path, now: datetime) -> Authority:
    """Return the authority of a folder; created at first use and when it has expired."""
    path = folder / "authority.pem"
    if path.exists():
        pem = path.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
        if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc > now + timedelta(days=1):
            return Authority(key, certificate)
    made = _new_authority(now)
    folder.mkdir(parents=True, exist_ok=True)
    _write_private(path, _key_pem(made.key) + made.pem)
    return made


def server_certificate(issuer: Authority, folder: Path, address: IPv4Address, now: datetime) -> tuple[Path, Path]:
    """Return the files of a new certificate for a private address, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("Virage on this network", issuer.certificate.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address), *OWN_NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_identifier(issuer.key), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    chain, key_file = folder / "server.pem", folder / "server-key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(key_file, _key_pem(key))
    return chain, key_file


def _new_authority(now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "Virage demo (private network only)"
    permitted = [x509.IPAddress(IPv4Network(network)) for network in PRIVATE]
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, _name(name), key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.NameConstraints(permitted_subtrees=[*permitted, x509.DNSName("localhost")], excluded_subtrees=None),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )


def _identifier(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, _OWNER_ONLY)) as file:
        file.write(content)


def now_utc() -> datetime:
    """Return the real time, which certificates need, not the shifted clock of a demo."""
    return datetime.now(UTC)
