"""The pitch of a published match, over the whole application."""

from tests.media.live.conftest import match

__all__ = ["match"]
