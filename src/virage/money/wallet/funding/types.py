"""What other domains' rules may know of funding: its Structs and pure functions."""

from virage.money.wallet.funding.rules.gifts import Gift as Gift
from virage.money.wallet.funding.rules.gifts import GiftReason as GiftReason
from virage.money.wallet.funding.rules.gifts import Given as Given
from virage.money.wallet.funding.rules.loads import LOAD_PURPOSE as LOAD_PURPOSE
from virage.money.wallet.funding.rules.loads import LoadSaid as LoadSaid
from virage.money.wallet.funding.rules.loads import SignedLoad as SignedLoad
from virage.money.wallet.funding.rules.loads import load_bytes as load_bytes
from virage.money.wallet.funding.rules.top_ups import PURPOSE as PURPOSE
