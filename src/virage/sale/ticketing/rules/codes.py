"""The public order code: eight characters that are not confused when read out by phone."""

import secrets

CODE_LENGTH = 8
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SIGN_OF_BYTE = (_SIGNS * (256 // len(_SIGNS))).encode()


def new_code() -> str:
    """Return a random code, one of 32^8; the database ensures that it is unique."""
    return secrets.token_bytes(CODE_LENGTH).translate(_SIGN_OF_BYTE).decode()


def as_code(typed: str) -> str | None:
    """Return a typed code without spaces or hyphens, in capitals; None if it is not a code."""
    code = typed.strip().replace(" ", "").replace("-", "").upper()
    return code if len(code) == CODE_LENGTH and all(sign in _SIGNS for sign in code) else None
