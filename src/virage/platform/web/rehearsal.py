"""Shared by the pages of a demo that exist on its own machine only: the access check and the style."""

from typing import Any, Final

from virage.platform.settings.config import Config
from virage.platform.web.problems import Problem
from virage.platform.web.security import is_local

PRIVATE: Final = {"cache-control": "no-store"}

STYLE: Final = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 44rem; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; }
.again { display: inline-block; min-height: 44px; line-height: 44px; padding: 0 1.25rem; border-radius: 0.5rem;
  border: 1px solid currentColor; color: inherit; background: none; text-decoration: none; font: inherit;
  line-height: 44px; font-weight: 600; cursor: pointer; }
.again:focus-visible { outline: 3px solid #1f6feb; outline-offset: 2px; }
article { margin-top: 1.5rem; padding: 1rem 1.25rem; border-radius: 0.75rem; border: 1px solid #8886; }
h2 { font-size: 1.125rem; margin: 0; }
.about { margin: 0.25rem 0 0.75rem; opacity: 0.85; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
"""


def hide(config: Config, scope: Any) -> None:
    """Raise `not_found` unless the request comes from the machine of the demo."""
    if not is_rehearsed_here(config, scope):
        raise Problem("not_found")


def is_rehearsed_here(config: Config, scope: Any) -> bool:
    """Return whether a demo that only its own machine can reach is requested from that machine."""
    return config.demo and config.is_private and is_local(scope)
