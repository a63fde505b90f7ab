"""The pages module: routes and lock ranks."""

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
    """Return the module's parts."""
    return Parts(pages={"/pages/:kind": has_page})
