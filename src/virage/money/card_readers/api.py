"""Public acts and reads of card readers."""

from virage.money.card_readers.acts import CardReaderMoney as CardReaderMoney
from virage.money.card_readers.acts import book as book
from virage.money.card_readers.acts import lock_named as lock_named
from virage.money.card_readers.acts import register as register
from virage.money.card_readers.reads import reader_of_till as reader_of_till
