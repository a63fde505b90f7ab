"""The module of keys."""

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
    """Return the parts that keys add to the application."""
    vault = open_vault(process.config)
    return Parts({"vault": vault}, jobs=[KeyJobs(process.db, vault).register])
