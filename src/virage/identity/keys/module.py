"""What keys adds to the application."""

from virage.identity.keys.acts import open_vault
from virage.identity.keys.jobs import KeyJobs
from virage.identity.keys.routes import router
from virage.platform.module import Module, Parts, Process

module = Module(
    "keys",
    routers=[router],
    lock_ranks={
        "signing_key": (),
    },
)


def build(process: Process) -> Parts:
    """Return what they add."""
    vault = open_vault(process.config)
    return Parts({"vault": vault}, jobs=[KeyJobs(process.db, vault).register])
