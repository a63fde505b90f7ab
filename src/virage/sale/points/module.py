"""The points module: routes, jobs, refusals and lock ranks."""

from virage.platform.module import Module, Parts, Process
from virage.sale.points.acts.earning import FirstEntries, FoodSpends, Sources, TillSpends
from virage.sale.points.jobs import PointsJobs
from virage.sale.points.routes import routers

module = Module(
    "points",
    routers=routers,
    refusals={
        "points_closed": 409,
        "points_not_joined": 409,
        "points_too_few": 409,
        "redemption_state": 409,
        "reward_closed": 409,
        "reward_code_unknown": 404,
        "reward_limit_reached": 409,
        "reward_price_changed": 409,
        "reward_sold_out": 409,
        "reward_text_missing": 422,
    },
    lock_ranks={
        "programme": (),
        "journal_position": (),
        "account": ("redemption", "redemption_text", "lapse_notice"),
        "reward": (),
    },
)


def build(process: Process, *, first_entries: FirstEntries, food_spends: FoodSpends, till_spends: TillSpends) -> Parts:
    """Return the module's parts; entries at gates and sales of food come from the domains above."""
    unit_cents = 10**process.config.currency.digits
    sources = Sources(first_entries, food_spends, till_spends, unit_cents)
    jobs = PointsJobs(process.clock, process.config.time_zone, sources)
    return Parts(jobs=[jobs.register])
