"""Points of the demo's club: rules by presence and spend, two tiers, and two rewards."""

from datetime import datetime, timedelta

from virage.demo.ids import demo_id
from virage.demo.programme import CLUB, done
from virage.platform.data.database import Connection
from virage.sale.points.api import has_programme, set_programme, set_reward
from virage.sale.points.types import EarningRule, PointsTier, ProgrammeContent, RewardContent


async def load_points(conn: Connection, now: datetime) -> None:
    """Set the programme of the club and two rewards, unless it has one."""
    if await has_programme(conn, CLUB.id):
        return
    content = ProgrammeContent(
        name={"fr": "Points Virage", "en": "Virage points", "de": "Virage-Punkte"},
        is_open=True,
        lapse_months=24,
        rules=[
            EarningRule(
                id=demo_id("points rule entry", now),
                name={"fr": "Présence au match", "en": "At the match", "de": "Stadionbesuch"},
                basis="entry",
                points=20,
                event_kind="match",
            ),
            EarningRule(
                id=demo_id("points rule early", now),
                name={"fr": "Là avant le coup d’envoi", "en": "In before kick-off", "de": "Vor dem Anpfiff da"},
                basis="early_entry",
                points=10,
                event_kind="match",
            ),
            EarningRule(
                id=demo_id("points rule tickets", now),
                name={"fr": "Billets", "en": "Tickets", "de": "Tickets"},
                basis="tickets",
                points=1,
            ),
        ],
        tiers=[
            PointsTier(
                id=demo_id("points tier silver", now),
                name={"fr": "Argent", "en": "Silver", "de": "Silber"},
                threshold=200,
                benefits={
                    "fr": "Entrée par la file rapide",
                    "en": "Fast lane at the gates",
                    "de": "Schneller Einlass",
                },
            ),
            PointsTier(
                id=demo_id("points tier gold", now),
                name={"fr": "Or", "en": "Gold", "de": "Gold"},
                threshold=500,
                benefits={
                    "fr": "Invitation à l’entraînement public",
                    "en": "An invitation to open training",
                    "de": "Einladung zum öffentlichen Training",
                },
                multiplier_permille=1500,
            ),
        ],
    )
    done(await set_programme(conn, CLUB.id, content, 0, who=None, now=now))
    until = now + timedelta(days=300)
    rewards = {
        "walk": RewardContent(
            kind="experience",
            name={"fr": "Tour de la pelouse", "en": "Pitch walk", "de": "Gang auf den Rasen"},
            description={
                "fr": "Un tour de pelouse avant le match, pour deux.",
                "en": "Walk around the pitch before a match, for two.",
                "de": "Vor dem Spiel zu zweit auf den Rasen.",
            },
            price_points=150,
            stock=20,
            limit_per_person=1,
            opens_at=now,
            closes_at=until,
        ),
        "voucher": RewardContent(
            kind="voucher",
            name={"fr": "5 € pour la buvette", "en": "€5 for food", "de": "5 € für Essen"},
            price_points=80,
            opens_at=now,
            closes_at=until,
            voucher_cents=500,
        ),
    }
    for name, wanted in rewards.items():
        done(await set_reward(conn, demo_id(f"points reward {name}", now), CLUB.id, wanted, who=None, now=now))
