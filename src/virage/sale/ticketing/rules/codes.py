"""The public code of an order: eight signs that nobody confuses when they are read out over a telephone."""

import secrets

CODE_LENGTH = 8
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_code() -> str:
    """A new code at random; 32^8 of them exist, and the database keeps them apart."""
    drawn = secrets.token_bytes(CODE_LENGTH)
    return "".join(_SIGNS[byte & 31] for byte in drawn)


def as_code(typed: str) -> str | None:
    """The code that somebody typed, without spaces or hyphens, in capitals; None if it cannot be one."""
    code = typed.strip().replace(" ", "").replace("-", "").upper()
    return code if len(code) == CODE_LENGTH and all(sign in _SIGNS for sign in code) else None
