"""The draws module: routes, jobs, refusals and lock ranks."""

from virage.money.payments.api import Handlers, PaymentProvider
from virage.platform.module import Module, Parts, Process
from virage.platform.values.derivation import derive
from virage.sale.draws.acts.setup import DrawKeys
from virage.sale.draws.jobs import DrawJobs
from virage.sale.draws.routes import routers
from virage.sale.ticketing.api import IsBanned

PURPOSE = "draw seeds"

module = Module(
    "draws",
    routers=routers,
    refusals={
        "draw_after_sale": 409,
        "draw_not_open": 409,
        "draw_quota_too_large": 409,
        "draw_step_not_possible": 409,
        "draw_value_missing": 409,
    },
    lock_ranks={"draw": ("entry",)},
)


def build(process: Process, *, provider: PaymentProvider, handlers: Handlers, is_banned: IsBanned) -> Parts:
    """Return the module's parts; `is_banned` compares winners with the bans."""
    config = process.config
    secrets = (config.secret, *config.secrets_previous)
    keys = DrawKeys(derive(config.secret, PURPOSE), tuple(derive(secret, PURPOSE) for secret in secrets))
    jobs = DrawJobs(process.db, config, process.clock, keys, provider=provider, handlers=handlers, is_banned=is_banned)
    return Parts({"draw_keys": keys}, jobs=[jobs.register])
