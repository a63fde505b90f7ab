"""The principals of the recorded requests, by name: their credentials, and the keys of the devices.

People and devices have sessions in `requests_cast.sql`; the token of each is `golden-` and the
name. Any other name is a new browser that begins without a cookie and keeps those that it gets:
`anonymous` keeps none.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PEOPLE = (
    "fan",
    "friend",
    "admin",
    "office",
    "promoter",
    "finance",
    "steward",
    "supervisor",
    "cashier",
    "desk",
    "moderator",
    "describer",
    "kitchen",
    "guest",
)
DEVICES = ("till", "lane", "phone")
PROGRAM = "program"
ANONYMOUS = "anonymous"
PROVIDER = "provider"
"""The payment provider, which signs what it sends."""
HERE = "here"
"""A browser on the system's own machine, which alone is shown the mailbox."""
COOKIE = "__Host-virage"
TILL_ID = "01970000-0000-7000-8000-000000000711"
LANE_ID = "01970000-0000-7000-8000-000000000712"
PHONE_ID = "01970000-0000-7000-8000-000000000713"


class Signer:
    """An Ed25519 key that follows from a name."""

    def __init__(self, name: str) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(sha256(f"golden {name}".encode()).digest())

    @property
    def raw(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def x(self) -> str:
        """The public key as a JWK has it."""
        return base64url(self.raw)

    def jwk(self) -> dict[str, str]:
        """Return the public key."""
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x}

    def sign(self, message: bytes) -> bytes:
        """Return the signature, the same each time."""
        return self._private.sign(message)


def base64url(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def token(name: str) -> str:
    """Return the token of a session, device or program of the cast."""
    return f"golden-{name}"


def statements(moment: str, media_key: bytes) -> str:
    """Return the SQL that gives the cast its sessions at this moment, and its camera a sealed key."""
    text = Path(__file__).with_suffix(".sql").read_text().replace(":moment", f"timestamptz '{moment}'")
    text = text.replace(":media_key", media_key.hex())
    for device in DEVICES:
        text = text.replace(f":{device}_key", Signer(device).x)
    return text
