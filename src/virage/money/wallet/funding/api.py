"""Public acts and reads of funding."""

from virage.money.wallet.funding.acts.auto_top_ups import erased as forget_auto_top_up
from virage.money.wallet.funding.acts.bonus import give as give_bonus
from virage.money.wallet.funding.acts.desk import DeskRequest as DeskRequest
from virage.money.wallet.funding.acts.desk import book_at_desk as book_at_desk
from virage.money.wallet.funding.acts.top_up_money import TopUpMoney as TopUpMoney
from virage.money.wallet.funding.acts.top_ups import empty_closed as empty_closed
from virage.money.wallet.funding.acts.top_ups import erased as forget_wallet
from virage.money.wallet.funding.reads.audit import Audit as Audit
from virage.money.wallet.funding.reads.audit import audit as audit
from virage.money.wallet.funding.reads.auto_top_ups import export as export_auto_top_up
from virage.money.wallet.funding.reads.auto_top_ups import off_content as auto_top_up_off_email
from virage.money.wallet.funding.reads.desk import all_takings as all_takings
from virage.money.wallet.funding.reads.desk import booked_at_tills as booked_at_tills
from virage.money.wallet.funding.reads.wallets import export as export_wallet
from virage.money.wallet.funding.reads.wallets import payout_failed_content as payout_failed_email
from virage.money.wallet.funding.routes.till_desk import desk_limits_of as desk_limits_of
