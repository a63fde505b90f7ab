"""What the operator's pages adds to the application."""

from virage.platform.module import Module, Parts
from virage.site.pages.routes import has_page, office_router, public_router

module = Module(
    "pages",
    routers=[public_router, office_router],
    lock_ranks={
        "lock_page()": (),
    },
)


def build() -> Parts:
    """Return what they add."""
    return Parts(pages={"/pages/:kind": has_page})
