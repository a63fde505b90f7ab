"""What all domains tell a person about themselves, and forget when their account is erased."""

from collections.abc import Sequence
from functools import partial

from virage.identity.people.acts import PersonErased
from virage.identity.people.reads import PersonExport
from virage.matchday.access.acts import accreditations
from virage.matchday.access.reads import accreditations as access_reads
from virage.matchday.food.orders.acts import ordering
from virage.matchday.food.orders.reads import orders as food_reads
from virage.matchday.food.orders.reads.paid_at import outlets
from virage.media.live.acts import notices
from virage.media.live.reads import notices as notice_reads
from virage.money.wallet.accounts.reads import PaidAt
from virage.money.wallet.cards.acts import cards as wallet_cards
from virage.money.wallet.cards.acts import virtual_cards as wallet_phones
from virage.money.wallet.cards.reads import cards as card_reads
from virage.money.wallet.cards.reads import virtual_cards
from virage.money.wallet.funding.acts import auto_top_ups, top_ups
from virage.money.wallet.funding.reads import auto_top_ups as auto_top_up_reads
from virage.money.wallet.funding.reads import purses as wallet_reads
from virage.sale.ticketing.acts import refunding
from virage.sale.ticketing.reads import views as ticketing_views

PAID_AT: Sequence[PaidAt] = (outlets,)
# By the name of its section in the export.
PERSON_EXPORTS: dict[str, PersonExport] = {
    "cards": card_reads.export,
    "phones": virtual_cards.export,
    "auto_top_up": auto_top_up_reads.export,
    "wallet": partial(wallet_reads.export, paid_at=PAID_AT),
    "ticketing": ticketing_views.export,
    "access": access_reads.export,
    "food_orders": food_reads.export,
    "notices": notice_reads.export,
}
PERSON_ERASED: list[PersonErased] = [
    ordering.erasing,
    refunding.erased,
    wallet_cards.erased,
    wallet_phones.erased,
    auto_top_ups.erased,
    ordering.erased,
    top_ups.erased,
    accreditations.erased,
    notices.erased,
]
