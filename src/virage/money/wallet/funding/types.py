"""Public Structs and pure functions of funding."""

from virage.money.wallet.funding.rules.bonus import BonusGrant as BonusGrant
from virage.money.wallet.funding.rules.bonus import BonusReason as BonusReason
from virage.money.wallet.funding.rules.bonus import GrantedBonus as GrantedBonus
from virage.money.wallet.funding.rules.desk_records import DESK_RECORD_PURPOSE as DESK_RECORD_PURPOSE
from virage.money.wallet.funding.rules.desk_records import DeskRecord as DeskRecord
from virage.money.wallet.funding.rules.desk_records import SignedDeskRecord as SignedDeskRecord
from virage.money.wallet.funding.rules.desk_records import desk_record_bytes as desk_record_bytes
from virage.money.wallet.funding.rules.top_ups import PURPOSE as PURPOSE
from virage.money.wallet.funding.rules.top_ups import Proceeds as Proceeds
