"""What other domains' rules may know of books: its Structs and pure functions."""

from virage.control.books.rules.accounting import Journal as Journal
from virage.control.books.rules.accounting import journal_table as journal_table
from virage.control.books.rules.concessionaires import ConcessionaireWish as ConcessionaireWish
from virage.control.books.rules.concessionaires import Terms as Terms
from virage.control.books.settings import BookSettings as BookSettings
